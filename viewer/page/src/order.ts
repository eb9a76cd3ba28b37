// The order of layers, and which of them show: far to near, as in the scene.

export type Place = { before: string } | { after: string };

/** `ids` (far to near) with `id` moved right behind (`before`) or right in front (`after`) of another one. */
export function reordered(ids: readonly string[], id: string, place: Place): string[] {
  const rest = ids.filter((each) => each !== id);
  const other = "before" in place ? place.before : place.after;
  const at = rest.indexOf(other);
  if (at < 0 || rest.length === ids.length) return [...ids];
  rest.splice("before" in place ? at : at + 1, 0, id);
  return rest;
}

/** Where `id` goes when it moves one place nearer or farther; null at either end, and nothing passes the backdrop. */
export function stepped(ids: readonly string[], id: string, nearer: boolean): Place | null {
  const at = ids.indexOf(id);
  const other = ids[nearer ? at + 1 : at - 1];
  if (at < 1 || other === undefined || (!nearer && at === 1)) return null;
  return nearer ? { after: other } : { before: other };
}

/** Whether a layer shows: a solo layer shows alone, also where it is hidden. */
export function isShown(id: string, hidden: ReadonlySet<string>, solo: string | null): boolean {
  return solo === null ? !hidden.has(id) : solo === id;
}

/**
 * Where each layer's card stands in the exploded view, far to near, from 1 + spread to 1: half by its inverse depth,
 * half by its place in the order, which keeps all apart.
 */
export function cardDistances(depths: readonly number[], range: { far: number; near: number }, spread: number): number[] {
  const span = range.near - range.far || 1;
  const last = Math.max(1, depths.length - 1);
  let behind = Infinity;
  const places = depths.map((depth, k) => {
    const share = Math.min(Math.max((range.near - 1 / depth) / span, 0), 1);
    behind = Math.min(share + 1 - k / last, behind - 0.25 / last);
    return behind;
  });
  const [most = 1, least = 0] = [places[0], places.at(-1)];
  return places.map((place) => 1 + spread * (most > least ? (place - least) / (most - least) : 1));
}
