// Projection: where things appear is where the engine's renderer takes them from.
import { describe, expect, test } from "vitest";
import { AT_REST, borderZoom, followed, placeSeen, seenAt } from "../src/eye";
import numbers from "./numbers";

const TOLERANCE = 2e-3; // pixels: the engine works in float32

describe.each(numbers.views)("an eye at $eye.x, $eye.y, $eye.z", ({ eye, zoom, places }) => {
  test("zooms as the engine", () => expect(borderZoom(numbers.frame, eye)).toBeCloseTo(zoom, 9));

  test.each(places)("shows at $seen, at inverse depth $q, what the engine shows", ({ seen, q, place }) => {
    const [x, y] = placeSeen(numbers.frame, eye, ...seen, q);
    expect(Math.hypot(x - place[0], y - place[1])).toBeLessThan(TOLERANCE);
  });

  test.each(places)("the place that shows at $seen appears there", ({ seen, q }) => {
    const [x, y] = seenAt(numbers.frame, eye, ...placeSeen(numbers.frame, eye, ...seen, q), q);
    expect(Math.hypot(x - seen[0], y - seen[1])).toBeLessThan(1e-9);
  });
});

test("at rest every point is where it is in the photo, exactly", () => {
  for (const q of [0.05, 0.3, 1]) expect(seenAt(numbers.frame, AT_REST, 12.25, -7.5, q)).toEqual([12.25, -7.5]);
});

test("an eye that follows arrives exactly, at any frame rate", () => {
  for (const seconds of [1 / 144, 1 / 60, 1 / 7]) {
    const goal = { x: 0.3, y: -0.1, z: 0.02 };
    let eye = AT_REST;
    for (let k = 0; k < 3 / seconds; k++) eye = followed(eye, goal, seconds, 1);
    expect(eye).toBe(goal);
  }
});
