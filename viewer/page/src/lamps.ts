// Lights as the shader wants them: where they are, and their colour in linear light.
import type { Light } from "./state";
import type { SceneDescription } from "./description";
import { LIT_SPREAD } from "./shaders";

/** How far from the picture's middle, in halves of its longer side, a sun may stand, and what that far tilts it by. */
const FARTHEST = 1.1;
const TILT = (80 * Math.PI) / 180;

/** Unit direction from the scene to a sun whose handle is at shares (x, y) of the picture: its middle is the viewer. */
export function sunDirection(light: Light, width: number, height: number): [number, number, number] {
  const u = (light.x - 0.5) * width;
  const v = (light.y - 0.5) * height;
  const away = Math.hypot(u, v);
  const tilt = Math.min(away / (0.5 * Math.max(width, height)), FARTHEST) * TILT;
  const side = away > 0 ? Math.sin(tilt) / away : 0;
  return [u * side, v * side, -Math.cos(tilt)];
}

/** The reverse of `sunDirection`: shares (x, y) of the picture; a sun behind the scene stands as far out as may be. */
export function sunHandle([tx, ty, tz]: readonly [number, number, number], width: number, height: number): [number, number] {
  const tilt = Math.acos(Math.min(Math.max(-tz, -1), 1));
  const away = Math.min(tilt / TILT, FARTHEST) * 0.5 * Math.max(width, height);
  const side = Math.hypot(tx, ty) || 1;
  return [0.5 + (away * tx) / side / width, 0.5 + (away * ty) / side / height];
}

/** Where a point light stands, in the space in which light travels: see `pointAt` in the shader. */
export function pointPlace(light: Light, scene: SceneDescription): [number, number, number] {
  const away = Math.max(0.15, 1 + Number(LIT_SPREAD) * (1 - light.depth));
  return [((light.x - 0.5) * scene.width * away) / scene.focal, ((light.y - 0.5) * scene.height * away) / scene.focal, away];
}

/** Linear sRGB of a black body, largest channel 1; piecewise fits of the Planckian locus (Kim et al. 2002). */
export function kelvinColour(kelvin: number): [number, number, number] {
  const t = Math.min(Math.max(kelvin, 1667), 25000);
  const x =
    t < 4000
      ? -0.2661239e9 / t ** 3 - 0.2343589e6 / t ** 2 + 0.8776956e3 / t + 0.17991
      : -3.0258469e9 / t ** 3 + 2.1070379e6 / t ** 2 + 0.2226347e3 / t + 0.24039;
  const y =
    t < 2222
      ? -1.1063814 * x ** 3 - 1.3481102 * x ** 2 + 2.18555832 * x - 0.20219683
      : t < 4000
        ? -0.9549476 * x ** 3 - 1.37418593 * x ** 2 + 2.09137015 * x - 0.16748867
        : 3.081758 * x ** 3 - 5.8733867 * x ** 2 + 3.75112997 * x - 0.37001483;
  const [X, Z] = [x / y, (1 - x - y) / y];
  const rgb = [
    3.2404542 * X - 1.5371385 - 0.4985314 * Z,
    -0.969266 * X + 1.8760108 + 0.041556 * Z,
    0.0556434 * X - 0.2040259 + 1.0572252 * Z,
  ].map((value) => Math.max(0, value));
  const most = Math.max(...rgb) || 1;
  return [rgb[0]! / most, rgb[1]! / most, rgb[2]! / most];
}
