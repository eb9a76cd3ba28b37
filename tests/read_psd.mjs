// Writes what ag-psd reads of each .psd named on the command line: one JSON array of trees, bottom to top, and beside
// each file the pixels of its layers, masks and merged picture as raw levels.
// Usage: node read_psd.mjs NODE_MODULES FILE...
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const { initializeCanvas, readPsd } = createRequire(join(modules, "here.js"))("ag-psd");

// Levels are all that is asked of it; a canvas would need a package of its own.
initializeCanvas(
  () => { throw new Error("no canvas here"); },
  (width, height) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) }),
);

function put(path, picture) {
  if (!picture) return null;
  const { width, height, data } = picture;
  writeFileSync(path, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return { path, width, height, bytes: data.BYTES_PER_ELEMENT };
}

function describe(layer, path) {
  const { name, id, hidden, blendMode, left, top, layerColor, opacity, mask } = layer;
  const children = layer.children?.map((child, index) => describe(child, `${path}.${index}`));
  return {
    name, id, hidden: !!hidden, blendMode, left, top, layerColor, opacity, children,
    pixels: put(`${path}.raw`, layer.imageData),
    mask: mask?.imageData ? { left: mask.left, top: mask.top, outside: mask.defaultColor,
      pixels: put(`${path}.mask.raw`, mask.imageData) } : null,
  };
}

const trees = files.map((file) => {
  const psd = readPsd(readFileSync(file), { useImageData: true, skipThumbnail: true });
  return {
    file, width: psd.width, height: psd.height, bits: psd.bitsPerChannel,
    xmp: psd.imageResources?.xmpMetadata ?? "",
    resolution: psd.imageResources?.resolutionInfo?.horizontalResolution,
    merged: put(`${file}.merged.raw`, psd.imageData),
    children: (psd.children ?? []).map((child, index) => describe(child, `${file}.${index}`)),
  };
});
console.log(JSON.stringify(trees));
