// The camera of the exploded view: it leaves where the photo was taken, circles the layers, and keeps them in view.
import { Matrix4, Vector3, Vector4 } from "three";
import type { SceneDescription } from "./description";

export interface Side {
  /** 0 is the photo's own view, 1 the exploded one. */
  share: number;
  turn: number;
  lift: number;
  zoom: number;
}

export const FIRST_SIDE: Side = { share: 0, turn: -0.72, lift: 0.34, zoom: 1 };
export const MOST_TURN = 1.35;
export const MOST_LIFT = 1.1;
const FILLS = 0.86;
const NEAR = 0.02;
const FAR = 60;

/**
 * World to clip space, for points (x right, y down, z away) in distances of the nearest layer.
 * `half` is the tangent of half the view's height.
 */
export function sideMatrix(scene: SceneDescription, side: Side, spread: number, aspect: number, half: number): Matrix4 {
  const ease = side.share * side.share * (3 - 2 * side.share);
  const pivot = new Vector3(0, 0, 0.62 * (1 + spread));
  const back = pivot.z * (1 + 1.1 * ease);
  const [turn, lift] = [side.turn * ease, side.lift * ease];
  const eye = new Vector3(back * Math.sin(turn) * Math.cos(lift), -back * Math.sin(lift), pivot.z - back * Math.cos(turn) * Math.cos(lift));
  const matrix = projection(half, aspect).multiply(lookingAt(eye, pivot));
  if (ease === 0) return matrix;
  return fitted(matrix, corners(scene, spread), ease, side.zoom).multiply(matrix);
}

/** Rows right, down, away: y points down and z away from the viewer. */
function lookingAt(eye: Vector3, pivot: Vector3): Matrix4 {
  const away = pivot.clone().sub(eye).normalize();
  const right = new Vector3(0, 1, 0).cross(away).normalize();
  const down = away.clone().cross(right);
  return new Matrix4().set(
    right.x, right.y, right.z, -right.dot(eye),
    down.x, down.y, down.z, -down.dot(eye),
    away.x, away.y, away.z, -away.dot(eye),
    0, 0, 0, 1,
  );
}

function projection(half: number, aspect: number): Matrix4 {
  return new Matrix4().set(
    1 / (half * aspect), 0, 0, 0,
    0, -1 / half, 0, 0,
    0, 0, (FAR + NEAR) / (FAR - NEAR), (-2 * FAR * NEAR) / (FAR - NEAR),
    0, 0, 1, 0,
  );
}

/** The eye of the photo and the corners of what it sees, near and far. */
function corners({ width, height, focal }: SceneDescription, spread: number): Vector4[] {
  const places = [new Vector4(0, 0, 0, 1)];
  for (const away of [1, 1 + spread]) {
    for (const x of [-1, 1]) {
      for (const y of [-1, 1]) places.push(new Vector4((x * width * away) / (2 * focal), (y * height * away) / (2 * focal), away, 1));
    }
  }
  return places;
}

/** Scales and shifts what is seen, as far as `ease` goes, so that `places` fill the view. */
function fitted(matrix: Matrix4, places: readonly Vector4[], ease: number, zoom: number): Matrix4 {
  const seen = places.map((place) => place.clone().applyMatrix4(matrix)).map(({ x, y, w }) => [x / w, y / w] as const);
  const [left, right] = [Math.min(...seen.map(([x]) => x)), Math.max(...seen.map(([x]) => x))];
  const [low, high] = [Math.min(...seen.map(([, y]) => y)), Math.max(...seen.map(([, y]) => y))];
  const scale = (2 * FILLS * zoom) / Math.max(right - left, high - low);
  const s = 1 + ease * (scale - 1);
  // The shifts stand in the column of w, so that they shift what is left after the division.
  return new Matrix4().set(
    s, 0, 0, (-ease * scale * (left + right)) / 2,
    0, s, 0, (-ease * scale * (low + high)) / 2,
    0, 0, 1, 0,
    0, 0, 0, 1,
  );
}
