// Lights: a handle says where a sun stands, and kelvins what colour it has.
import { expect, test } from "vitest";
import { kelvinColour, sunDirection, sunHandle } from "../src/lamps";
import type { Light } from "../src/state";

const SUN: Light = { id: 1, kind: "sun", x: 0.5, y: 0.5, depth: 1, strength: 1, kelvin: 5000, softness: 0.2 };

test("a sun in the middle stands behind the viewer; at the side it lights from there; its direction is a unit", () => {
  expect(sunDirection(SUN, 300, 200).map((part) => part + 0)).toEqual([0, 0, -1]);
  const [x, y, z] = sunDirection({ ...SUN, x: 0.95, y: 0.2 }, 300, 200);
  expect(x).toBeGreaterThan(0.5);
  expect(y).toBeLessThan(-0.1);
  expect(z).toBeLessThan(0);
  expect(Math.hypot(x, y, z)).toBeCloseTo(1);
});

test("warm light is red, daylight about white, cold light blue", () => {
  const [warm, day, cold] = [kelvinColour(2500), kelvinColour(6500), kelvinColour(11000)];
  expect(warm[0]).toBe(1);
  expect(warm[2]).toBeLessThan(0.35);
  for (const channel of day) expect(channel).toBeGreaterThan(0.93);
  expect(cold[2]).toBe(1);
  expect(cold[0]).toBeLessThan(0.8);
});

test("a sun's handle stands where its direction comes from", () => {
  for (const [x, y] of [[0.2, 0.3], [0.9, 0.6], [0.5, 0.1]] as const) {
    const [u, v] = sunHandle(sunDirection({ ...SUN, x, y }, 300, 200), 300, 200);
    expect(u).toBeCloseTo(x);
    expect(v).toBeCloseTo(y);
  }
});
