// What throws shadows and is clicked at: alpha and inverse depth of every layer on one small canvas.
import { DataArrayTexture, LinearFilter, LinearMipmapLinearFilter } from "three";
import { bendAt } from "./bend";
import type { SceneDescription } from "./description";
import type { Sheet } from "./sheet";

const SIDE = 384;

export class Casters {
  readonly width: number;
  readonly height: number;
  readonly texture: DataArrayTexture;

  constructor(
    private readonly sheets: readonly Sheet[],
    private readonly scene: SceneDescription,
  ) {
    const scale = SIDE / Math.max(scene.width, scene.height);
    this.width = Math.max(1, Math.round(scene.width * scale));
    this.height = Math.max(1, Math.round(scene.height * scale));
    const bytes = new Uint8Array(this.width * this.height * 4 * sheets.length);
    sheets.forEach((sheet, index) => this.draw(sheet, bytes, index * this.width * this.height * 4));
    this.texture = new DataArrayTexture(bytes, this.width, this.height, sheets.length);
    this.texture.minFilter = LinearMipmapLinearFilter;
    this.texture.magFilter = LinearFilter;
    this.texture.generateMipmaps = true;
    this.texture.needsUpdate = true;
  }

  /**
   * The nearest of the layers that `shows` says are there, at a place of the photo that `placeFor` gives for a layer's
   * inverse depth; null where there is none.
   */
  pick(placeFor: (q: number) => [number, number], shows: (id: string) => boolean): string | null {
    for (let k = this.sheets.length - 1; k >= 0; k--) {
      const { layer } = this.sheets[k]!;
      const [x, y] = placeFor(1 / layer.depth);
      if (shows(layer.id) && this.alphaAt(k, x, y) >= 128) return layer.id;
    }
    return null;
  }

  private alphaAt(k: number, x: number, y: number): number {
    const column = Math.floor((x / this.scene.width) * this.width);
    const row = Math.floor((y / this.scene.height) * this.height);
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return 0;
    return (this.texture.image.data as Uint8Array)[4 * ((k * this.height + row) * this.width + column)] ?? 0;
  }

  private draw(sheet: Sheet, bytes: Uint8Array, start: number): void {
    const pixels = sheet.alphaOn(this.width, this.height, this.scene);
    const { far, near } = this.scene.range;
    for (let j = 0, k = 0; j < this.height; j++) {
      for (let i = 0; i < this.width; i++, k += 4) {
        const alpha = pixels[k + 3] ?? 0;
        bytes[start + k] = sheet.layer.blend === "multiply" ? 0 : alpha;
        const x = ((i + 0.5) / this.width) * this.scene.width;
        const y = ((j + 0.5) / this.height) * this.scene.height;
        bytes[start + k + 1] = 255 * Math.min(Math.max((bendAt(sheet.bend, x, y) - far) / (near - far || 1), 0), 1);
      }
    }
  }
}
