// A layer's bend: inverse depths on a grid, unpacked from their picture, and read between the nodes.

export interface Bend {
  columns: number;
  rows: number;
  /** Left, top, width, height of the grid's cells, in pixels of the photo. */
  box: [number, number, number, number];
  q: Float32Array;
}

/** Inverse depths from pixels with four bytes, of which red and green are a level's high and low byte. */
export function unpackBend(
  pixels: Uint8ClampedArray,
  columns: number,
  rows: number,
  box: [number, number, number, number],
  near: number,
  far: number,
): Bend {
  const q = new Float32Array(columns * rows);
  const span = 1 / near - 1 / far;
  for (let k = 0; k < q.length; k++) {
    q[k] = (((pixels[4 * k] ?? 0) * 256 + (pixels[4 * k + 1] ?? 0)) / 65535) * span + 1 / far;
  }
  return { columns, rows, box, q };
}

/** Inverse depth at (x, y) of the photo, between the four nodes around it; beyond the grid its edge goes on. */
export function bendAt(bend: Bend, x: number, y: number): number {
  const [left, top, width, height] = bend.box;
  const u = clamp(((x - left) / width) * bend.columns - 0.5, 0, bend.columns - 1);
  const v = clamp(((y - top) / height) * bend.rows - 0.5, 0, bend.rows - 1);
  const i = Math.min(Math.floor(u), Math.max(0, bend.columns - 2));
  const j = Math.min(Math.floor(v), Math.max(0, bend.rows - 2));
  const node = (column: number, row: number): number =>
    bend.q[Math.min(row, bend.rows - 1) * bend.columns + Math.min(column, bend.columns - 1)] ?? 0;
  const across = u - i;
  const down = v - j;
  return (
    (node(i, j) * (1 - across) + node(i + 1, j) * across) * (1 - down) +
    (node(i, j + 1) * (1 - across) + node(i + 1, j + 1) * across) * down
  );
}

/** Unit normals (x right, y down, z away from the viewer, so z < 0 faces it) at every node, three numbers each. */
export function bendNormals(bend: Bend, focal: number, centre: [number, number]): Float32Array {
  const out = new Float32Array(bend.q.length * 3);
  const stepX = bend.box[2] / bend.columns;
  const stepY = bend.box[3] / bend.rows;
  const at = (i: number, j: number): number =>
    bend.q[clamp(j, 0, bend.rows - 1) * bend.columns + clamp(i, 0, bend.columns - 1)] ?? 1;
  for (let j = 0; j < bend.rows; j++) {
    for (let i = 0; i < bend.columns; i++) {
      const x = bend.box[0] + (i + 0.5) * stepX - centre[0];
      const y = bend.box[1] + (j + 0.5) * stepY - centre[1];
      const slopeX = (at(i + 1, j) - at(i - 1, j)) / ((Math.min(i + 1, bend.columns - 1) - Math.max(i - 1, 0) || 1) * stepX);
      const slopeY = (at(i, j + 1) - at(i, j - 1)) / ((Math.min(j + 1, bend.rows - 1) - Math.max(j - 1, 0) || 1) * stepY);
      // A surface q(x, y): its tangent planes satisfy n . (x/f, y/f, 1) = c q, whence n ~ (q_x f, q_y f, q - x q_x - y q_y).
      const normal = [slopeX * focal, slopeY * focal, at(i, j) - x * slopeX - y * slopeY] as const;
      // That one has n . P > 0, so it points away from the viewer.
      const length = -(Math.hypot(...normal) || 1);
      out.set([normal[0] / length, normal[1] / length, normal[2] / length], 3 * (j * bend.columns + i));
    }
  }
  return out;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
