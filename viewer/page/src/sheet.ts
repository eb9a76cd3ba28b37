// One layer as it is drawn: its mesh, its textures, and the settings of its shader.
import {
  AddEquation,
  ClampToEdgeWrapping,
  CustomBlending,
  DataTexture,
  DstColorFactor,
  GLSL3,
  LinearFilter,
  LinearMipmapLinearFilter,
  Mesh,
  MirroredRepeatWrapping,
  NoColorSpace,
  OneFactor,
  OneMinusSrcAlphaFactor,
  RawShaderMaterial,
  Texture,
  Vector2,
  Vector4,
  type IUniform,
} from "three";
import { type Bend, bendNormals } from "./bend";
import type { LayerDescription, SceneDescription } from "./description";
import { layerMesh } from "./mesh";
import { loadBend, loadBitmap, pixelsOf } from "./pictures";
import { FRAGMENT, VERTEX } from "./shaders";

export type Uniforms = Record<string, IUniform>;
const FAR_AWAY = 1e6;
const NOTHING = new DataTexture(new Uint8Array(4), 1, 1);
NOTHING.needsUpdate = true;

export class Sheet {
  readonly mesh: Mesh;
  readonly uniforms: Uniforms;
  private readonly textures: Texture[] = [];
  private askedForFilled = false;

  private constructor(
    public layer: LayerDescription,
    readonly bend: Bend,
    readonly bitmap: ImageBitmap,
    scene: SceneDescription,
    shared: Uniforms,
  ) {
    const { width, height, focal } = scene;
    const [x, y] = layer.corner;
    // A side on the photo's border goes on mirrored, as in the engine; the others just end.
    const ends = [x === 0, y === 0, x + layer.width === width, y + layer.height === height].map((on) => (on ? FAR_AWAY : 0));
    const colour = this.add(new Texture(bitmap as unknown as HTMLImageElement), true);
    colour.wrapS = ends[0] || ends[2] ? MirroredRepeatWrapping : ClampToEdgeWrapping;
    colour.wrapT = ends[1] || ends[3] ? MirroredRepeatWrapping : ClampToEdgeWrapping;
    this.uniforms = {
      ...shared,
      uColour: { value: colour },
      uSurface: { value: this.add(surfaceTexture(bend, focal, [width / 2, height / 2]), false) },
      uFilled: { value: NOTHING },
      uRect: { value: new Vector4(x, y, layer.width, layer.height) },
      uEnds: { value: new Vector4(...ends) },
      uBend: { value: new Vector4(...bend.box) },
      uTexels: { value: new Vector2(bitmap.width, bitmap.height) },
      uCells: { value: bend.columns / 3 },
      uOpacity: { value: 1 },
      uOffset: { value: 0 },
      uShift: { value: new Vector2() },
      uPicked: { value: false },
      uHinted: { value: false },
      uLit: { value: false },
      uAway: { value: 1 },
      uLayer: { value: 0 },
      uMultiply: { value: layer.blend === "multiply" },
    };
    this.mesh = new Mesh(layerMesh(layer, bend, width, height), this.material());
    this.mesh.frustumCulled = false;
  }

  static async load(layer: LayerDescription, scene: SceneDescription, shared: Uniforms): Promise<Sheet> {
    const [bitmap, bend] = await Promise.all([loadBitmap(layer.texture, true), loadBend(layer)]);
    return new Sheet(layer, bend, bitmap, scene, shared);
  }

  /** Loads the mask of invented pixels, which only its own view needs; says whether it was not there before. */
  async loadFilled(): Promise<boolean> {
    if (this.askedForFilled) return false;
    this.askedForFilled = true;
    const bitmap = await loadBitmap(this.layer.filled, false);
    this.uniforms.uFilled!.value = this.add(new Texture(bitmap as unknown as HTMLImageElement), true);
    return true;
  }

  /** Alpha (0 to 255) of the layer on a canvas of the whole photo at another size. */
  alphaOn(width: number, height: number, scene: SceneDescription): Uint8ClampedArray {
    const [sx, sy] = [width / scene.width, height / scene.height];
    const { corner, width: w, height: h } = this.layer;
    return pixelsOf(this.bitmap, width, height, [corner[0] * sx, corner[1] * sy, w * sx, h * sy]);
  }

  /** Bytes of graphics memory, mipmaps included. */
  get textureBytes(): number {
    return this.textures.reduce((sum, texture) => {
      const { width, height } = texture.image as { width: number; height: number };
      return sum + width * height * 4 * (texture.generateMipmaps ? 4 / 3 : 1);
    }, 0);
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    (this.mesh.material as RawShaderMaterial).dispose();
    for (const texture of this.textures) texture.dispose();
    this.bitmap.close();
  }

  private add<T extends Texture>(texture: T, mipmaps: boolean): T {
    texture.colorSpace = NoColorSpace;
    texture.flipY = false;
    texture.generateMipmaps = mipmaps;
    texture.minFilter = mipmaps ? LinearMipmapLinearFilter : LinearFilter;
    texture.magFilter = LinearFilter;
    texture.needsUpdate = true;
    this.textures.push(texture);
    return texture;
  }

  /** Blends as the scene says, on the display's own values: premultiplied over, or multiply within alpha. */
  private material(): RawShaderMaterial {
    const multiply = this.layer.blend === "multiply";
    return new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: this.uniforms,
      depthTest: false,
      depthWrite: false,
      transparent: true,
      side: 2,
      blending: CustomBlending,
      blendEquation: AddEquation,
      blendSrc: multiply ? DstColorFactor : OneFactor,
      blendDst: OneMinusSrcAlphaFactor,
      blendSrcAlpha: OneFactor,
      blendDstAlpha: OneMinusSrcAlphaFactor,
    });
  }
}

function surfaceTexture(bend: Bend, focal: number, centre: [number, number]): DataTexture {
  const normals = bendNormals(bend, focal, centre);
  const bytes = new Uint8Array(bend.q.length * 4);
  for (let k = 0; k < bend.q.length; k++) {
    for (let c = 0; c < 3; c++) bytes[4 * k + c] = Math.round(((normals[3 * k + c] ?? 0) * 0.5 + 0.5) * 255);
    bytes[4 * k + 3] = 255;
  }
  return new DataTexture(bytes, bend.columns, bend.rows);
}
