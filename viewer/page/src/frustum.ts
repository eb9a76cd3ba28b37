// The camera and what it sees, as lines in the exploded view: one draw call.
import { BufferAttribute, BufferGeometry, GLSL3, LineSegments, RawShaderMaterial, type IUniform } from "three";
import type { SceneDescription } from "./description";

const VERTEX = /* glsl */ `
in vec3 position;
in float fade;
uniform mat4 uCamera;
uniform vec3 uSpace;
out float vFade;
void main() {
  vFade = fade;
  float away = position.z < 0.5 ? 0.12 : position.z < 1.5 ? 1.0 : 1.0 + uSpace.z;
  if (position.z < -0.5) away = 0.0;
  gl_Position = uCamera * vec4(position.xy * away, away, 1.0);
}`;
const FRAGMENT = /* glsl */ `
precision highp float;
in float vFade;
uniform vec3 uAccent;
uniform float uReveal;
out vec4 colour;
void main() { colour = vec4(uAccent, 1.0) * vFade * uReveal; }`;

/** Lines from the eye through the picture's corners, around the camera, the nearest and the farthest plane. */
export function frustumLines(scene: SceneDescription, uniforms: Record<string, IUniform>): LineSegments {
  const [x, y] = [scene.width / (2 * scene.focal), scene.height / (2 * scene.focal)];
  const corners = [[-x, -y], [x, -y], [x, y], [-x, y]] as const;
  const places: number[] = [];
  const fades: number[] = [];
  const line = (from: readonly [number, number], a: number, to: readonly [number, number], b: number, fade: number): void => {
    places.push(...from, a, ...to, b);
    fades.push(fade, fade);
  };
  corners.forEach((corner, k) => {
    const next = corners[(k + 1) % 4]!;
    line([0, 0], -1, corner, 2, 0.65);
    line(corner, 0, next, 0, 0.95);
    line(corner, 1, next, 1, 0.5);
    line(corner, 2, next, 2, 0.55);
  });
  // A mark above the camera's frame says which way is up.
  line([-0.35 * x, -y], 0, [0, -1.45 * y], 0, 0.95);
  line([0.35 * x, -y], 0, [0, -1.45 * y], 0, 0.95);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(places), 3));
  geometry.setAttribute("fade", new BufferAttribute(new Float32Array(fades), 1));
  const material = new RawShaderMaterial({
    glslVersion: GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, uniforms,
    depthTest: false, depthWrite: false, transparent: true, premultipliedAlpha: true,
  });
  const lines = new LineSegments(geometry, material);
  lines.frustumCulled = false;
  return lines;
}
