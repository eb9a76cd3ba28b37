// The two programs that draw a layer: bent and moved as the engine does it, then coloured, lit or blurred.

export const MOST_LIGHTS = 4;
export const MOST_CASTERS = 24;
export const BLUR_TAPS = 16;
/** How far the space in which light travels is spread, in distances of its nearest point. */
export const LIT_SPREAD = "1.2";

export const VERTEX = /* glsl */ `
in vec2 place;
in float q;
uniform vec2 uHalf;
uniform float uFocal, uFocus, uZoom, uOffset;
uniform vec2 uShift;
uniform vec3 uEye;
uniform bool uSide;
uniform mat4 uCamera;
uniform float uAway, uRelief;
uniform vec3 uSpace;
out vec2 vPlace;
out float vQ;

void main() {
  float bent = max(q + uOffset, 1e-6);
  vPlace = place;
  vQ = bent;
  vec2 at = place + uShift;
  if (uSide) {
    // Flat where the layer's card stands, or bent: evenly in disparity, from the nearest q over the range of q.
    float away = mix(uAway, max(0.15, 1.0 + uSpace.z * (uSpace.x - bent) / uSpace.y), uRelief);
    gl_Position = uCamera * vec4(at * away / uFocal, away, 1.0);
    return;
  }
  vec2 seen = uZoom * ((at - uFocal * uEye.xy * bent) / (1.0 - uEye.z * bent)
    + uFocal * uEye.xy * uFocus / (1.0 - uEye.z * uFocus));
  gl_Position = vec4(seen.x / uHalf.x, -seen.y / uHalf.y, 0.0, 1.0);
}
`;

export const FRAGMENT = /* glsl */ `
precision highp float;
precision highp sampler2DArray;
in vec2 vPlace;
in float vQ;
uniform sampler2D uColour, uSurface, uFilled;
uniform sampler2DArray uCasters;
uniform vec4 uRect, uEnds, uBend;
uniform vec2 uHalf, uTexels;
uniform vec3 uRange;
uniform float uFocal, uOpacity, uFocusAt, uBlur, uAmbient, uCells;
uniform int uView, uLayer, uLayers, uLights;
uniform bool uSide, uPicked, uLit, uShadows, uMultiply, uHinted;
uniform vec3 uAccent;
uniform float uDepths[${MOST_CASTERS}], uShown[${MOST_CASTERS}], uOffsets[${MOST_CASTERS}];
uniform vec4 uLightPlace[${MOST_LIGHTS}];
uniform vec4 uLightColour[${MOST_LIGHTS}];
out vec4 colour;

// How much of a pixel at uv lies on the layer: 1 up to the centres of its outermost pixels.
float inside(vec2 uv, float soft) {
  vec4 ends = uSide ? vec4(0.0) : uEnds;
  vec2 low = uv * uTexels / soft + 0.5 + ends.xy, high = (1.0 - uv) * uTexels / soft + 0.5 + ends.zw;
  vec2 edge = clamp(min(low, high), 0.0, 1.0);
  return edge.x * edge.y;
}

vec4 layerColour(vec2 uv) {
  float radius = uBlur * abs(vQ - uFocusAt);
  if (radius < 0.6) return texture(uColour, uv, -0.4) * inside(uv, 1.0);
  // A disc of taps in a spiral, each from a mipmap as coarse as their distance.
  float lod = max(0.0, log2(radius * 1.2 / sqrt(float(${BLUR_TAPS}))));
  float turn = 6.2831853 * fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
  vec4 sum = vec4(0.0);
  for (int k = 0; k < ${BLUR_TAPS}; k++) {
    float far = sqrt((float(k) + 0.5) / float(${BLUR_TAPS})), angle = turn + 2.3999632 * float(k);
    vec2 at = uv + radius * far * vec2(cos(angle), sin(angle)) / uTexels;
    sum += textureLod(uColour, at, lod) * inside(at, exp2(lod));
  }
  return sum / float(${BLUR_TAPS});
}

vec3 toLinear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 toEncoded(vec3 c) {
  return mix(c * 12.92, 1.055 * pow(max(c, vec3(0.0)), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}

// Light travels in a space whose depth is even in disparity: relative depth has no scale that shadows could have.
float awayOf(float q) { return max(0.15, 1.0 + ${LIT_SPREAD} * (uRange.x + uRange.y - q) / uRange.y); }
vec3 pointAt(vec2 place, float q) { return vec3(place / uFocal, 1.0) * awayOf(q); }

// Share of the light that the layers in front let through, from a point towards the light.
float letThrough(vec3 from, vec3 towards, float reach, float soft) {
  float through = 1.0;
  for (int k = 1; k < ${MOST_CASTERS}; k++) {
    if (k >= uLayers) break;
    if (k <= uLayer || uShown[k] <= 0.0 || towards.z > -1e-4) continue;
    float travel = (awayOf(uDepths[k]) - from.z) / towards.z;
    vec3 hit = from;
    // The caster bends: its own depth where the ray meets it, found in two rounds.
    for (int round = 0; round < 2; round++) {
      hit = from + towards * travel;
      if (hit.z <= 0.0) break;
      vec2 seen = (hit.xy / hit.z * uFocal / uHalf + 1.0) * 0.5;
      float q = uRange.x + textureLod(uCasters, vec3(seen, float(k)), 3.0).g * uRange.y + uOffsets[k];
      travel = (awayOf(q) - from.z) / towards.z;
    }
    hit = from + towards * travel;
    if (travel <= 0.0 || travel >= reach || hit.z <= 0.0) continue;
    // Where layers all but touch, and about the light itself, depth is too rough to say which is in front.
    float sure = smoothstep(0.0, 0.12, travel / from.z) * smoothstep(0.0, 0.2, 1.0 - travel / reach);
    vec2 seen = (hit.xy / hit.z * uFocal / uHalf + 1.0) * 0.5;
    if (any(lessThan(seen, vec2(0.0))) || any(greaterThan(seen, vec2(1.0)))) continue;
    float blur = soft * travel * length(towards) / max(hit.z, 1e-4);
    float lod = clamp(log2(1.0 + blur * 90.0), 0.5, 6.0);
    through *= 1.0 - textureLod(uCasters, vec3(seen, float(k)), lod).r * uShown[k] * sure;
  }
  return through;
}

vec3 light(vec3 encoded, vec3 normal) {
  // Estimated depth exaggerates how surfaces turn: lit as it is, every bump of it would show.
  normal = normalize(mix(normal, vec3(0.0, 0.0, -1.0), 0.3));
  vec3 here = pointAt(vPlace, vQ), sum = vec3(uAmbient);
  for (int k = 0; k < ${MOST_LIGHTS}; k++) {
    if (k >= uLights) break;
    bool sun = uLightPlace[k].w > 0.5;
    vec3 way = sun ? uLightPlace[k].xyz : uLightPlace[k].xyz - here;
    float far = length(way), falls = 1.0;
    vec3 towards = way / max(far, 1e-6);
    if (!sun) {
      // Distances count from the light's own depth, so that a lamp lights what is about it at any scale.
      float share = far / (0.45 * max(uLightPlace[k].z, 1e-4));
      falls = 1.0 / (0.25 + share * share);
    }
    float facing = clamp((dot(normal, towards) + 0.25) / 1.25, 0.0, 1.0);
    float through = uShadows ? letThrough(here, towards, sun ? 1e9 : far, uLightColour[k].w) : 1.0;
    sum += uLightColour[k].rgb * falls * facing * through;
  }
  vec3 lit = toLinear(encoded) * sum;
  // Highlights roll off instead of clipping.
  vec3 high = max(lit - 0.8, 0.0);
  return toEncoded(min(lit, vec3(0.8)) + 0.2 * high / (0.2 + high));
}

vec3 ramp(float near) {
  vec3 a = vec3(0.10, 0.07, 0.22), b = vec3(0.48, 0.12, 0.42), c = vec3(0.92, 0.41, 0.24), d = vec3(0.99, 0.91, 0.62);
  float t = clamp(near, 0.0, 1.0) * 3.0;
  return t < 1.0 ? mix(a, b, t) : t < 2.0 ? mix(b, c, t - 1.0) : mix(c, d, t - 2.0);
}

void main() {
  vec2 uv = (vPlace + uHalf - uRect.xy) / uRect.zw;
  vec4 seen = layerColour(uv);
  vec2 bendUv = (vPlace + uHalf - uBend.xy) / uBend.zw;
  vec4 surface = texture(uSurface, bendUv);
  vec3 normal = normalize(surface.xyz * 2.0 - 1.0);
  vec3 straight = seen.a > 0.0 ? seen.rgb / seen.a : vec3(0.0);
  if (uView == 0 && uLit && !uMultiply) seen.rgb = light(clamp(straight, 0.0, 1.0), normal) * seen.a;
  if (uView == 1) seen.rgb = ramp((vQ - uRange.x) / uRange.y) * seen.a;
  if (uView == 2) seen.rgb = (vec3(normal.x, -normal.y, -normal.z) * 0.5 + 0.5) * seen.a;
  if (uView == 3) {
    float grey = dot(straight, vec3(0.2126, 0.7152, 0.0722));
    float made = texture(uFilled, uv).r;
    seen.rgb = mix(vec3(0.12 + 0.5 * grey), mix(vec3(grey), uAccent, 0.72), made) * seen.a;
  }
  if (uView == 4) {
    vec2 cell = bendUv * vec2(uCells, uCells * uBend.w / uBend.z), slope = fwidth(cell);
    vec2 line = abs(fract(cell - 0.5) - 0.5) / max(slope, vec2(1e-5));
    float ink = (1.0 - clamp(min(line.x, line.y) - 0.2, 0.0, 1.0)) * step(0.02, seen.a);
    seen = vec4(straight * 0.28 * seen.a, seen.a);
    seen.rgb = mix(seen.rgb, ramp((vQ - uRange.x) / uRange.y) * max(seen.a, 0.6), ink * 0.9);
  }
  seen *= uOpacity;
  if (uHinted) {
    // A line along the layer's outline, and a breath of colour within.
    float slope = max(fwidth(seen.a), 0.02);
    float ink = 1.0 - smoothstep(0.9, 1.9, abs(seen.a - 0.5) / slope);
    if (uMultiply) seen.rgb = mix(seen.rgb, uAccent * seen.a, 0.35);
    else seen = mix(mix(seen, vec4(uAccent, 1.0) * seen.a, 0.16), vec4(uAccent, 1.0), ink);
  }
  if (uSide || uPicked) {
    vec2 edge = min(uv, 1.0 - uv) / max(fwidth(uv), vec2(1e-6));
    float within = min(edge.x, edge.y);
    float ink = clamp(within + 0.5, 0.0, 1.0) * clamp((uPicked ? 2.5 : 1.5) - within, 0.0, 1.0);
    seen = mix(seen, uPicked ? vec4(uAccent, 1.0) : vec4(vec3(0.62), 1.0), ink * (uPicked ? 1.0 : 0.5));
  }
  colour = seen;
}
`;
