// Order: reordering gives the engine's order, and what shows is what was asked for.
import { describe, expect, test } from "vitest";
import { cardDistances, isShown, reordered, stepped } from "../src/order";
import numbers from "./numbers";

const { ids, rows } = numbers.orders;

test.each(rows)("$id $place gives the engine's order", ({ id, place, ids: wanted }) => {
  expect(reordered(ids, id, place)).toEqual(wanted);
});

describe("one step", () => {
  test("nearer and back is where it was", () => {
    const id = ids[1]!;
    const nearer = reordered(ids, id, stepped(ids, id, true)!);
    expect(nearer).not.toEqual(ids);
    expect(reordered(nearer, id, stepped(nearer, id, false)!)).toEqual(ids);
  });

  test("nothing passes the backdrop, which stays, and nothing goes beyond the nearest", () => {
    expect(stepped(ids, ids[0]!, true)).toBeNull();
    expect(stepped(ids, ids[1]!, false)).toBeNull();
    expect(stepped(ids, ids.at(-1)!, true)).toBeNull();
  });
});

test("a solo layer shows alone, also where it is hidden", () => {
  const hidden = new Set(["a"]);
  expect(["a", "b"].map((id) => isShown(id, hidden, null))).toEqual([false, true]);
  expect(["a", "b"].map((id) => isShown(id, hidden, "a"))).toEqual([true, false]);
});

test("cards stand strictly one behind the other, from 1 + spread to 1, whatever their depths", () => {
  for (const depths of [[20, 4, 4, 4, 1], [2, 3, 9, 1], [5, 5]]) {
    const away = cardDistances(depths, { far: 0.05, near: 1 }, 1.5);
    expect(away[0]).toBeCloseTo(2.5);
    expect(away.at(-1)).toBeCloseTo(1);
    for (let k = 1; k < away.length; k++) expect(away[k]!).toBeLessThan(away[k - 1]!);
  }
});
