// Where things appear from a moved eye: the same equations as the engine's renderer, free of any browser.
import type { Border } from "./description";

/** How far the eye has moved from where the photo was taken, in the scene's unit: right, down, forward. */
export interface Eye {
  x: number;
  y: number;
  z: number;
}

export const AT_REST: Eye = { x: 0, y: 0, z: 0 };

/** What the equations need to know of a view; `focal`, `width` and `height` in pixels of the same picture. */
export interface Frame {
  width: number;
  height: number;
  focal: number;
  focus: number;
  border: Border;
}

/** The zoom >= 1 that keeps what lies beyond the photo's border out of the frame, but for a residue. */
export function borderZoom(frame: Frame, eye: Eye): number {
  const { border } = frame;
  const across = (2 * frame.focal * Math.abs(eye.x) * border.x) / frame.width;
  const down = (2 * frame.focal * Math.abs(eye.y) * border.y) / frame.height;
  const moved = Math.hypot(across, down) + Math.max(0, -eye.z) * border.most;
  const gained = Math.max(0, eye.z) * border.least;
  return 1 + moved ** 2 / (moved + border.residue + gained);
}

/** Where a point (x, y), from the picture's centre, of inverse depth q appears from `eye`, from the centre too. */
export function seenAt(frame: Frame, eye: Eye, x: number, y: number, q: number): [number, number] {
  const zoom = borderZoom(frame, eye);
  const line = (at: number, shift: number): number =>
    zoom *
    ((at - frame.focal * shift * q) / (1 - eye.z * q) + (frame.focal * shift * frame.focus) / (1 - eye.z * frame.focus));
  return [line(x, eye.x), line(y, eye.y)];
}

/** The reverse of `seenAt`: which place of the photo shows at (x, y), for a layer of inverse depth q. */
export function placeSeen(frame: Frame, eye: Eye, x: number, y: number, q: number): [number, number] {
  const zoom = borderZoom(frame, eye);
  const line = (at: number, shift: number): number => {
    const aimed = at / zoom - (frame.focal * shift * frame.focus) / (1 - eye.z * frame.focus);
    return aimed * (1 - eye.z * q) + frame.focal * shift * q;
  };
  return [line(x, eye.x), line(y, eye.y)];
}

/** One step of an eye that follows `goal` smoothly, whatever the frame rate; arrives exactly. */
export function followed(eye: Eye, goal: Eye, seconds: number, unit: number): Eye {
  const share = 1 - Math.exp(-seconds / 0.11);
  const next = {
    x: eye.x + share * (goal.x - eye.x),
    y: eye.y + share * (goal.y - eye.y),
    z: eye.z + share * (goal.z - eye.z),
  };
  const left = Math.hypot(goal.x - next.x, goal.y - next.y, goal.z - next.z);
  return left < 1e-4 * unit ? goal : next;
}
