// Camera moves: the page plays the loops that the engine renders.
import { describe, expect, test } from "vitest";
import { eyeOnMove } from "../src/moves";
import numbers from "./numbers";

describe.each(numbers.moves)("$move.name", ({ move, reach, eyes }) => {
  test("goes where the engine's goes", () => {
    eyes.forEach((eye, k) => {
      const got = eyeOnMove(move, k / eyes.length, reach);
      for (const axis of ["x", "y", "z"] as const) expect(got[axis]).toBeCloseTo(eye[axis], 9);
    });
  });

  test("starts and ends at rest", () => {
    for (const share of [0, 1]) {
      const { x, y, z } = eyeOnMove(move, share, reach);
      expect(Math.hypot(x, y, z)).toBeLessThan(1e-12);
    }
  });
});
