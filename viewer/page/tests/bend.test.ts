// Bends: levels become the inverse depths they stand for, and a plane keeps one normal.
import { describe, expect, test } from "vitest";
import { type Bend, bendAt, bendNormals, unpackBend } from "../src/bend";

const FOCAL = 500;

/** The bend of the plane n . p = c over a photo of 300 x 200: 1/z = n . (x/f, y/f, 1) / c. */
function plane(normal: [number, number, number], c: number): Bend {
  const [columns, rows] = [30, 20];
  const q = new Float32Array(columns * rows);
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const [x, y] = [(i + 0.5) * 10 - 150, (j + 0.5) * 10 - 100];
      q[j * columns + i] = (normal[0] * (x / FOCAL) + normal[1] * (y / FOCAL) + normal[2]) / c;
    }
  }
  return { columns, rows, box: [0, 0, 300, 200], q };
}

test("a level's high and low byte stand for inverse depth between far and near", () => {
  const pixels = new Uint8ClampedArray([0, 0, 0, 255, 255, 255, 0, 255, 128, 0, 0, 255]);
  const { q } = unpackBend(pixels, 3, 1, [0, 0, 3, 1], 2, 10);
  expect([...q].map((value) => 1 / value)).toEqual([expect.closeTo(10, 4), expect.closeTo(2, 4), expect.closeTo(1 / (0.1 + 0.4 * (32768 / 65535)), 4)]);
});

test("between nodes inverse depth is even, and beyond the grid it goes on", () => {
  const bend: Bend = { columns: 2, rows: 1, box: [10, 0, 20, 5], q: new Float32Array([0.2, 0.4]) };
  expect(bendAt(bend, 15, 2)).toBeCloseTo(0.2);
  expect(bendAt(bend, 20, 2)).toBeCloseTo(0.3);
  expect(bendAt(bend, -99, 2)).toBeCloseTo(0.2);
  expect(bendAt(bend, 99, 2)).toBeCloseTo(0.4);
});

describe.each<[string, [number, number, number], [number, number, number]]>([
  ["the ground", [0, 0.95, 0.312], [0, -0.95, -0.312]],
  ["a wall that faces the viewer", [0, 0, 1], [0, 0, -1]],
  ["a wall on the left", [-0.6, 0, 0.8], [0.6, 0, -0.8]],
])("%s", (_, away, facing) => {
  test("has its own normal everywhere, towards the viewer", () => {
    const normals = bendNormals(plane(away, 2), FOCAL, [150, 100]);
    for (let k = 0; k < normals.length; k++) expect(normals[k]!).toBeCloseTo(facing[k % 3]!, 2);
  });
});
