// Fetches and decodes a scene's pictures: textures as they are, bends as numbers.
import type { LayerDescription } from "./description";
import { type Bend, unpackBend } from "./bend";

/** The picture at `address`, its colours untouched; `premultiplied` as blending wants them. */
export async function loadBitmap(address: string, premultiplied: boolean): Promise<ImageBitmap> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`a picture of the scene did not load (${answer.status}); reload the page`);
  return createImageBitmap(await answer.blob(), {
    colorSpaceConversion: "none",
    premultiplyAlpha: premultiplied ? "premultiply" : "none",
  });
}

export async function loadBend(layer: LayerDescription): Promise<Bend> {
  const bitmap = await loadBitmap(layer.disparity, false);
  const pixels = pixelsOf(bitmap, bitmap.width, bitmap.height);
  const { width, height } = bitmap;
  bitmap.close();
  return unpackBend(pixels, width, height, layer.disparityBox, layer.near, layer.far);
}

/** The bitmap's bytes, four a pixel, drawn at (x, y, w, h) of a canvas of the given size. */
export function pixelsOf(
  bitmap: ImageBitmap,
  width: number,
  height: number,
  [x, y, w, h]: [number, number, number, number] = [0, 0, width, height],
): Uint8ClampedArray {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser draws no pictures; try another one");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, x, y, w, h);
  return context.getImageData(0, 0, width, height).data;
}
