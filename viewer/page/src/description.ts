// What a page is told of a scene: the types of its description, and where that comes from.

export type Plane = "foreground" | "midground" | "background";

/** Layers come far to near; lengths are pixels of the photo, inverse depths 1/z in the scene's unit. */
export interface LayerDescription {
  id: string;
  name: string;
  label: string;
  plane: Plane;
  corner: [number, number];
  width: number;
  height: number;
  depth: number;
  near: number;
  far: number;
  blend: "normal" | "multiply";
  caster: string | null;
  filledShare: number;
  texture: string;
  disparity: string;
  disparityBox: [number, number, number, number];
  filled: string;
  thumbnail: string;
}

export interface Move {
  name: string;
  seconds: number;
  aside: number;
  up: number;
  forward: number;
}

/** The largest |q - focus| at the photo's sides, the range of q there, and what may show of beyond. */
export interface Border {
  x: number;
  y: number;
  least: number;
  most: number;
  residue: number;
}

export interface KeyLight {
  towards: [number, number, number];
  colour: [number, number, number];
  ambient: number;
  confidence: number;
}

export interface SceneDescription {
  version: number;
  name: string;
  width: number;
  height: number;
  focal: number;
  bitDepth: number;
  metric: boolean;
  keyLight: KeyLight | null;
  safeParallax: number;
  clipParallax: number;
  eyeUnit: number;
  range: { far: number; near: number; focus: number };
  border: Border;
  moves: Move[];
  photo: string;
  mask: string | null;
  editable: boolean;
  canUndo: boolean;
  canRedo: boolean;
  formats: { suffix: string; title: string }[];
  /** What only a server says: how often the scene has changed, the file's name, whether edits are not saved yet. */
  revision?: number;
  file?: string;
  unsaved?: boolean;
  undoWords?: string;
  redoWords?: string;
  /** What should be known of the edit that made this. */
  note?: string;
  layers: LayerDescription[];
}

const VERSION = 1;

/** The description inside the page itself, or null where a server has it. */
export function embeddedDescription(): SceneDescription | null {
  const text = document.getElementById("scene")?.textContent?.trim();
  return text ? checked(JSON.parse(text)) : null;
}

/** `value` as a description; throws where a newer multiplane wrote it. */
export function checked(value: unknown): SceneDescription {
  const description = value as SceneDescription;
  if (description.version !== VERSION) {
    throw new Error(`this page shows scenes of version ${VERSION}, not ${description.version}; reload it`);
  }
  return description;
}
