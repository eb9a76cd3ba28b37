// Named camera moves: where the eye stands at any time of a loop, as in the engine's clips.
import type { Move } from "./description";
import type { Eye } from "./eye";

const SWING_PEAK = 0.75 * Math.sqrt(3);

/** The eye at `share` in [0, 1) of the loop; `reach` is the sideways shift that a clip takes by itself. */
export function eyeOnMove(move: Move, share: number, reach: number): Eye {
  const t = 2 * Math.PI * share;
  const away = 1 - Math.cos(t);
  const swing = (Math.sin(t) * away) / SWING_PEAK;
  return {
    x: move.aside * reach * swing,
    y: (-move.up * reach * away) / 2,
    z: (move.forward * reach * away) / 2,
  };
}
