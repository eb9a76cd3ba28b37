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
