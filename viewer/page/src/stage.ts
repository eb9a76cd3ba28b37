// The stage: the layers in three.js, drawn from far to near whenever something has changed.
import { Color, Matrix4, Scene, Vector2, Vector3, Vector4, WebGLRenderer, PerspectiveCamera, type IUniform } from "three";
import { Casters } from "./casters";
import type { SceneDescription } from "./description";
import { AT_REST, borderZoom, type Eye, type Frame } from "./eye";
import { frustumLines } from "./frustum";
import { kelvinColour, pointPlace, sunDirection } from "./lamps";
import { cardDistances, isShown } from "./order";
import { MOST_CASTERS, MOST_LIGHTS } from "./shaders";
import { Sheet } from "./sheet";
import { FIRST_SIDE, type Side, sideMatrix } from "./side_camera";
import type { State, View } from "./state";

const VIEWS: Record<View, number> = { picture: 0, depth: 1, normals: 2, filled: 3, wireframe: 4 };
/** Radius of the widest blur, as a share of the photo's longer side. */
const WIDEST_BLUR = 0.018;

export class Stage {
  readonly renderer: WebGLRenderer;
  eye: Eye = AT_REST;
  side: Side = { ...FIRST_SIDE };
  /** Tangent of half the height that the canvas shows in space. */
  half = 0.3;
  sheets: Sheet[] = [];
  private readonly three = new Scene();
  private readonly nowhere = new PerspectiveCamera();
  private readonly shared: Record<string, IUniform>;
  private casters: Casters | null = null;
  private scene: SceneDescription;
  private lines;

  constructor(canvas: HTMLCanvasElement, scene: SceneDescription) {
    this.scene = scene;
    this.renderer = newRenderer(canvas);
    this.renderer.sortObjects = true;
    this.renderer.setClearColor(0, 0);
    this.shared = sharedUniforms(scene);
    this.lines = frustumLines(scene, { uCamera: this.shared.uCamera!, uSpace: this.shared.uSpace!, uAccent: this.shared.uAccent!, uReveal: { value: 0 } });
    this.lines.renderOrder = 1000;
    this.lines.visible = false;
    this.three.add(this.lines);
    this.three.matrixAutoUpdate = false;
  }

  /** Shows the layers of `scene`; those whose pictures are the same stay. */
  async show(scene: SceneDescription): Promise<void> {
    const kept = new Map(this.sheets.map((sheet) => [keyOf(sheet.layer), sheet]));
    const next = await Promise.all(
      scene.layers.map(async (layer) => kept.get(keyOf(layer)) ?? Sheet.load(layer, scene, this.shared)),
    );
    this.scene = scene;
    this.value("uFocus", scene.range.focus);
    (this.shared.uRange!.value as Vector3).set(scene.range.far, scene.range.near - scene.range.far || 1, 0);
    this.casters?.texture.dispose();
    this.casters = null;
    for (const sheet of this.sheets) {
      this.three.remove(sheet.mesh);
      if (!next.includes(sheet)) sheet.dispose();
    }
    this.sheets = next;
    next.forEach((sheet, index) => {
      sheet.layer = scene.layers[index]!;
      sheet.mesh.renderOrder = index;
      sheet.uniforms.uLayer!.value = index;
      this.three.add(sheet.mesh);
    });
    this.value("uLayers", next.length);
  }

  /** What is clicked at and throws shadows; made when first asked for. */
  castersNow(): Casters {
    if (!this.casters) {
      this.casters = new Casters(this.sheets, this.scene);
      this.value("uCasters", this.casters.texture);
    }
    return this.casters;
  }

  get frame(): Frame {
    const { width, height, focal, range, border } = this.scene;
    return { width, height, focal, focus: range.focus, border };
  }

  resize(width: number, height: number): void {
    this.renderer.setPixelRatio(1);
    this.renderer.setSize(width, height, false);
  }

  /** Graphics memory in bytes of all textures, mipmaps included. */
  get textureBytes(): number {
    const casters = this.casters ? (this.casters.width * this.casters.height * 4 * this.sheets.length * 4) / 3 : 0;
    return Math.round(this.sheets.reduce((sum, sheet) => sum + sheet.textureBytes, casters));
  }

  get drawCalls(): number {
    return this.renderer.info.render.calls;
  }

  draw(state: State, accent: Color): void {
    const inSpace = state.exploded || this.side.share > 0;
    const { range } = state.scene;
    this.value("uEye", inSpace ? AT_REST : this.eye);
    this.value("uZoom", inSpace ? 1 : borderZoom(this.frame, this.eye));
    this.value("uSide", inSpace);
    this.value("uView", VIEWS[state.view]);
    (this.shared.uAccent!.value as Vector3).set(accent.r, accent.g, accent.b);
    (this.shared.uSpace!.value as Vector3).set(range.near, range.near - range.far || 1, state.spread);
    this.lines.visible = inSpace;
    (this.lines.material as unknown as { uniforms: Record<string, IUniform> }).uniforms.uReveal!.value = this.side.share;
    if (inSpace) {
      const size = this.renderer.getSize(new Vector2());
      (this.shared.uCamera!.value as Matrix4).copy(sideMatrix(state.scene, this.side, state.spread, size.x / size.y, this.half));
    }
    this.value("uRelief", state.relief ? 1 : 0);
    const away = cardDistances(this.sheets.map((sheet) => sheet.layer.depth), range, state.spread);
    this.sheets.forEach((sheet, k) => (sheet.uniforms.uAway!.value = away[k]));
    this.blur(state);
    this.light(state);
    for (const sheet of this.sheets) this.dress(sheet, state);
    this.renderer.render(this.three, this.nowhere);
  }

  dispose(): void {
    for (const sheet of this.sheets) sheet.dispose();
    this.renderer.dispose();
  }

  private value(name: string, value: unknown): void {
    this.shared[name]!.value = value;
  }

  private blur(state: State): void {
    const { near, far } = state.scene.range;
    const span = near - far || near;
    const widest = WIDEST_BLUR * Math.max(state.scene.width, state.scene.height);
    this.value("uFocusAt", far + state.focus.at * span);
    this.value("uBlur", state.focus.on && state.view === "picture" ? (2 * state.focus.strength * widest) / span : 0);
  }

  private light(state: State): void {
    if (!state.lit) return;
    this.castersNow();
    this.value("uAmbient", state.ambient);
    this.value("uShadows", state.shadows);
    const lights = state.lights.slice(0, MOST_LIGHTS);
    this.value("uLights", lights.length);
    lights.forEach((each, k) => {
      const sun = each.kind === "sun";
      const place = sun ? sunDirection(each, state.scene.width, state.scene.height) : pointPlace(each, state.scene);
      (this.shared.uLightPlace!.value as Vector4[])[k]!.set(...place, sun ? 1 : 0);
      const [r, g, b] = kelvinColour(each.kelvin).map((channel) => channel * each.strength) as [number, number, number];
      (this.shared.uLightColour!.value as Vector4[])[k]!.set(r, g, b, each.softness);
    });
    const { near, far } = state.scene.range;
    this.sheets.slice(0, MOST_CASTERS).forEach((sheet, k) => {
      const look = state.looks[sheet.layer.id];
      (this.shared.uDepths!.value as number[])[k] = 1 / sheet.layer.depth + (look?.offset ?? 0) * (near - far);
      (this.shared.uOffsets!.value as number[])[k] = (look?.offset ?? 0) * (near - far);
      const shown = isShown(sheet.layer.id, state.hidden, state.solo) && sheet.layer.blend === "normal";
      (this.shared.uShown!.value as number[])[k] = shown ? (look?.opacity ?? 1) : 0;
    });
  }

  private dress(sheet: Sheet, state: State): void {
    const { id, blend, label } = sheet.layer;
    const look = state.looks[id];
    // What multiplies has no depth and no colour of its own to show.
    const suits = blend === "normal" || state.view === "picture" || state.solo === id;
    sheet.mesh.visible = isShown(id, state.hidden, state.solo) && suits;
    sheet.uniforms.uOpacity!.value = look?.opacity ?? 1;
    sheet.uniforms.uOffset!.value = (look?.offset ?? 0) * (state.scene.range.near - state.scene.range.far);
    sheet.uniforms.uPicked!.value = state.exploded && state.selected.includes(id);
    // The sky is lit by no lamp of the scene, and no shadow falls on it.
    sheet.uniforms.uLit!.value = state.lit && label !== "sky";
    sheet.uniforms.uHinted!.value = state.hinted === id;
  }
}

function newRenderer(canvas: HTMLCanvasElement): WebGLRenderer {
  try {
    return new WebGLRenderer({ canvas, alpha: true, premultipliedAlpha: true, antialias: true });
  } catch (error) {
    throw new Error("this browser shows no 3D (WebGL 2); turn its graphics acceleration on, or use another browser", { cause: error });
  }
}

function sharedUniforms(scene: SceneDescription): Record<string, IUniform> {
  const { width, height, focal, range } = scene;
  const numbers = (): number[] => new Array<number>(MOST_CASTERS).fill(0);
  const vectors = (): Vector4[] => Array.from({ length: MOST_LIGHTS }, () => new Vector4());
  const values: Record<string, unknown> = {
    uHalf: new Vector2(width / 2, height / 2), uFocal: focal, uFocus: range.focus, uZoom: 1,
    uEye: AT_REST, uSide: false, uRelief: 0, uCamera: new Matrix4(), uSpace: new Vector3(),
    uRange: new Vector3(range.far, range.near - range.far || 1, 0),
    uFocusAt: range.focus, uBlur: 0, uView: 0, uShadows: true, uAmbient: 1, uLights: 0, uLayers: 0,
    uCasters: null, uDepths: numbers(), uShown: numbers(), uOffsets: numbers(),
    uLightPlace: vectors(), uLightColour: vectors(), uAccent: new Vector3(),
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** What decides how a layer is drawn; not its name or plane. */
function keyOf(layer: { id: string; texture: string; disparity: string; corner: [number, number] }): string {
  return [layer.id, layer.texture, layer.disparity, ...layer.corner].join(" ");
}
