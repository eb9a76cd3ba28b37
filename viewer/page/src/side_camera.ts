// The camera of the exploded view: it starts where the photo was taken and circles the layers; pure numbers.
import { Matrix4, Vector3 } from "three";
import type { SceneDescription } from "./description";

export interface Side {
  /** 0 is the photo's own view, 1 the exploded one. */
  share: number;
  turn: number;
  lift: number;
  zoom: number;
}

export const FIRST_SIDE: Side = { share: 0, turn: -0.62, lift: 0.3, zoom: 1 };
export const MOST_TURN = 1.35;
export const MOST_LIFT = 1.1;

/**
 * World to clip space, for points (x right, y down, z away) in distances of the nearest layer.
 * `half` is the tangent of half the view's height.
 */
export function sideMatrix(scene: SceneDescription, side: Side, spread: number, aspect: number, half: number): Matrix4 {
  const { width, height, focal } = scene;
  const pivot = new Vector3(0, 0, 1 + spread * 0.45);
  const ease = side.share * side.share * (3 - 2 * side.share);
  const turn = side.turn * ease;
  const lift = side.lift * ease;
  const corner = Math.hypot(width, height) / (2 * focal);
  const back = pivot.z + ease * (1.15 + 0.9 * spread + corner) / side.zoom - ease * 0.25 * pivot.z;
  const eye = new Vector3(
    pivot.x + back * Math.sin(turn) * Math.cos(lift),
    pivot.y - back * Math.sin(lift),
    pivot.z - back * Math.cos(turn) * Math.cos(lift),
  );
  // y points down and z away, so a camera matrix with rows (right, down, away).
  const away = pivot.clone().sub(eye).normalize();
  const right = new Vector3(0, 1, 0).cross(away).normalize();
  const down = away.clone().cross(right);
  const view = new Matrix4().set(
    right.x, right.y, right.z, -right.dot(eye),
    down.x, down.y, down.z, -down.dot(eye),
    away.x, away.y, away.z, -away.dot(eye),
    0, 0, 0, 1,
  );
  const near = 0.02;
  const far = 60;
  const projection = new Matrix4().set(
    1 / (half * aspect), 0, 0, 0,
    0, -1 / half, 0, 0,
    0, 0, (far + near) / (far - near), (-2 * far * near) / (far - near),
    0, 0, 1, 0,
  );
  return projection.multiply(view);
}
