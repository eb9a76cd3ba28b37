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

/** Nodes to either side over which a slope is taken, and then averaged: depth is rougher than surfaces. */
const REACH = 2;
const BLUR = 3;

/** Unit normals (x right, y down, z away from the viewer, so z < 0 faces it) at every node, three numbers each. */
export function bendNormals(bend: Bend, focal: number, centre: [number, number]): Float32Array {
  const { columns, rows, box } = bend;
  const out = new Float32Array(bend.q.length * 3);
  const [stepX, stepY] = [box[2] / columns, box[3] / rows];
  const slopesX = slopes(bend, 1, 0, stepX);
  const slopesY = slopes(bend, 0, 1, stepY);
  for (let k = 0; k < bend.q.length; k++) {
    const x = box[0] + ((k % columns) + 0.5) * stepX - centre[0];
    const y = box[1] + (Math.floor(k / columns) + 0.5) * stepY - centre[1];
    const [slopeX, slopeY, q] = [slopesX[k] ?? 0, slopesY[k] ?? 0, bend.q[k] ?? 0];
    // A plane n . p = c has q = n . (x/f, y/f, 1) / c, whence n ~ (q_x f, q_y f, q - x q_x - y q_y). That one has
    // n . p > 0, so it points away from the viewer.
    const normal = [slopeX * focal, slopeY * focal, q - x * slopeX - y * slopeY] as const;
    const length = -(Math.hypot(...normal) || 1);
    out.set([normal[0] / length, normal[1] / length, normal[2] / length], 3 * k);
  }
  return out;
}

/** Change of q per pixel along (dx, dy), smoothed: where q is even, it stays what it is. */
function slopes({ columns, rows, q }: Bend, dx: number, dy: number, step: number): Float32Array {
  const out = new Float32Array(q.length);
  const [stride, length] = dx ? [1, columns] : [columns, rows];
  for (let k = 0; k < q.length; k++) {
    const at = dx * (k % columns) + dy * Math.floor(k / columns);
    const [low, high] = [Math.max(at - REACH, 0), Math.min(at + REACH, length - 1)];
    const rise = (q[k + (high - at) * stride] ?? 0) - (q[k + (low - at) * stride] ?? 0);
    out[k] = high > low ? rise / ((high - low) * step) : 0;
  }
  // Two boxes each way are close to a bell.
  return [1, columns, 1, columns].reduce<Float32Array>((values, along) => averaged(values, columns, rows, along), out);
}

/** Means over BLUR nodes to either side, along rows (stride 1) or columns; fewer at the ends. */
function averaged(values: Float32Array, columns: number, rows: number, stride: number): Float32Array {
  const out = new Float32Array(values.length);
  const length = stride === 1 ? columns : rows;
  for (let k = 0; k < values.length; k++) {
    const at = stride === 1 ? k % columns : Math.floor(k / columns);
    const [low, high] = [Math.max(at - BLUR, 0), Math.min(at + BLUR, length - 1)];
    let sum = 0;
    for (let other = low; other <= high; other++) sum += values[k + (other - at) * stride] ?? 0;
    out[k] = sum / (high - low + 1);
  }
  return out;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
