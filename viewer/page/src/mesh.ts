// A layer's mesh: a grid over its rectangle and a little beyond, each vertex with its inverse depth.
import { BufferAttribute, BufferGeometry } from "three";
import { type Bend, bendAt } from "./bend";
import type { LayerDescription } from "./description";

const MOST_CELLS = 72;
/** How far the mesh goes on beyond the layer, as a share of the photo's longer side: for blur, and mirrored borders. */
export const BEYOND = 0.02;

export function layerMesh(layer: LayerDescription, bend: Bend, width: number, height: number): BufferGeometry {
  const beyond = BEYOND * Math.max(width, height);
  const left = layer.corner[0] - beyond;
  const top = layer.corner[1] - beyond;
  const wide = layer.width + 2 * beyond;
  const high = layer.height + 2 * beyond;
  const cells = (side: number): number => Math.max(4, Math.ceil((MOST_CELLS * side) / Math.max(width, height)));
  const columns = cells(wide);
  const rows = cells(high);
  const place = new Float32Array((columns + 1) * (rows + 1) * 2);
  const q = new Float32Array((columns + 1) * (rows + 1));
  for (let j = 0, k = 0; j <= rows; j++) {
    for (let i = 0; i <= columns; i++, k++) {
      const x = left + (wide * i) / columns;
      const y = top + (high * j) / rows;
      place.set([x - width / 2, y - height / 2], 2 * k);
      q[k] = bendAt(bend, x, y);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("place", new BufferAttribute(place, 2));
  geometry.setAttribute("q", new BufferAttribute(q, 1));
  geometry.setIndex(new BufferAttribute(triangles(columns, rows), 1));
  return geometry;
}

function triangles(columns: number, rows: number): Uint16Array {
  const out = new Uint16Array(columns * rows * 6);
  for (let j = 0, k = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++, k += 6) {
      const a = j * (columns + 1) + i;
      const c = a + columns + 1;
      out.set([a, c, a + 1, a + 1, c, c + 1], k);
    }
  }
  return out;
}
