// What the user has chosen to look at: one object, and who wants to know when it changes.
import type { SceneDescription } from "./description";

export type View = "picture" | "depth" | "normals" | "filled" | "wireframe";
export type Tool = "look" | "select" | "move";

export interface LayerLook {
  opacity: number;
  /** Added to the inverse depth, as a share of the scene's range: above 0 is nearer. */
  offset: number;
}

export interface Light {
  id: number;
  kind: "sun" | "point";
  /** Where its handle is, as shares of the picture; a sun beyond the middle comes from that side. */
  x: number;
  y: number;
  /** A point's place between the farthest (0) and nearest (1), which may be passed. */
  depth: number;
  strength: number;
  kelvin: number;
  softness: number;
}

export interface Focus {
  on: boolean;
  /** Between the farthest (0) and the nearest (1) inverse depth. */
  at: number;
  strength: number;
}

export interface State {
  scene: SceneDescription;
  view: View;
  exploded: boolean;
  spread: number;
  /** In the exploded view, layers bend by their depth instead of standing flat. */
  relief: boolean;
  tool: Tool;
  parallax: number;
  tilt: boolean;
  move: string;
  playing: boolean;
  /** Where the shown move is, in [0, 1); null while nothing is played or scrubbed. */
  time: number | null;
  /** How much of the photo covers the view from the left, or null. */
  compare: number | null;
  /** The photo's own pixels, one by one, instead of fitted into the window. */
  actual: boolean;
  hidden: ReadonlySet<string>;
  solo: string | null;
  looks: Readonly<Record<string, LayerLook>>;
  selected: readonly string[];
  /** The layer whose outline is shown for a moment. */
  hinted: string | null;
  focus: Focus;
  lit: boolean;
  ambient: number;
  shadows: boolean;
  lights: readonly Light[];
  chosenLight: number | null;
  points: readonly (readonly [number, number, 0 | 1])[];
  box: readonly [number, number, number, number] | null;
  busy: string | null;
}

export const PLAIN_LOOK: LayerLook = { opacity: 1, offset: 0 };

export function firstState(scene: SceneDescription): State {
  return {
    scene,
    view: "picture",
    exploded: false,
    spread: 1.6,
    relief: false,
    tool: "look",
    parallax: scene.clipParallax,
    tilt: false,
    move: scene.moves[0]?.name ?? "",
    playing: false,
    time: null,
    compare: null,
    actual: false,
    hidden: new Set(),
    solo: null,
    looks: {},
    selected: [],
    hinted: null,
    focus: { on: false, at: 0.6, strength: 0.5 },
    lit: false,
    ambient: 0.4,
    shadows: true,
    lights: [],
    chosenLight: null,
    points: [],
    box: null,
    busy: null,
  };
}

export type Listener = (state: State, before: State) => void;

export class Store {
  private readonly listeners: Listener[] = [];

  constructor(public state: State) {}

  /** Changes some of the state, and tells everybody. */
  set(patch: Partial<State>): void {
    const before = this.state;
    this.state = { ...before, ...patch };
    for (const listener of this.listeners) listener(this.state, before);
  }

  /** Calls `listener` now and on every change. */
  watch(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.state, this.state);
  }

  look(id: string): LayerLook {
    return this.state.looks[id] ?? PLAIN_LOOK;
  }

  setLook(id: string, patch: Partial<LayerLook>): void {
    this.set({ looks: { ...this.state.looks, [id]: { ...this.look(id), ...patch } } });
  }

  setLight(id: number, patch: Partial<Light>): void {
    this.set({ lights: this.state.lights.map((light) => (light.id === id ? { ...light, ...patch } : light)) });
  }
}
