// The tools on the picture: points that say what an object is, a layer that is dragged, a click that chooses.
import type { Edits } from "./edits";
import { placeSeen } from "./eye";
import { make, textButton } from "./elements";
import { flash, select } from "./layer_list";
import { isShown } from "./order";
import type { Clicks } from "./pointer";
import type { Stage } from "./stage";
import type { Store } from "./state";

const LEAST_DRAG = 2;

export class Selecting implements Clicks {
  readonly bar: HTMLElement;
  private moving: string | null = null;

  constructor(
    private readonly store: Store,
    private readonly stage: Stage,
    private readonly edits: Edits,
    private readonly redraw: () => void,
  ) {
    const words = make("span", {});
    const done = textButton("Make a layer", () => void this.apply(), { class: "text-button primary" });
    const clear = textButton("Clear", () => store.set({ points: [], box: null }));
    this.bar = make("div", { class: "tool-bar" }, words, clear, done);
    store.watch((state, before) => {
      if (state.tool === "select" && before.tool !== "select") edits.prepare();
      this.bar.hidden = state.tool === "look";
      const chosen = state.points.length > 0 || state.box !== null;
      clear.hidden = done.hidden = state.tool !== "select" || !chosen;
      done.disabled = state.busy !== null;
      words.textContent =
        state.tool === "move"
          ? "Drag a layer. It keeps to the ground it stands on, with its shadow."
          : chosen
            ? "Shift-click adds to it, Alt-click takes away. Enter makes the layer."
            : "Click an object, or drag a box around it.";
    });
  }

  click([x, y]: [number, number], event: PointerEvent): void {
    const { tool, points, focus } = this.store.state;
    if (tool === "select") {
      const point = [x, y, event.altKey ? 0 : 1] as const;
      const more = event.shiftKey || event.altKey;
      if (event.altKey && points.length === 0 && !this.store.state.box) return;
      this.store.set(more ? { points: [...points, point] } : { points: [point], box: null });
      return;
    }
    const id = this.layerAt(x, y);
    if (!id) return;
    if (this.store.state.exploded) return;
    select(this.store, id, event.shiftKey || event.ctrlKey || event.metaKey);
    flash(this.store, id);
    const layer = this.store.state.scene.layers.find((each) => each.id === id);
    const { near, far } = this.store.state.scene.range;
    if (layer && focus.on && tool === "look") {
      this.store.set({ focus: { ...focus, at: Math.min(Math.max((1 / layer.depth - far) / (near - far || 1), 0), 1) } });
    }
  }

  drag(from: [number, number], to: [number, number], _event: PointerEvent, done: boolean | null): void {
    if (this.store.state.tool === "select") {
      this.store.set({ box: done === null ? null : [...from, ...to] });
      return;
    }
    this.moving ??= this.movable(...from);
    const id = this.moving;
    if (!id) return;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const still = done === null || (done && Math.hypot(dx, dy) < LEAST_DRAG);
    this.shift(id, still ? [0, 0] : [dx, dy]);
    if (done === false) return;
    this.moving = null;
    if (still) return;
    const sent = this.edits.send({ action: "move", id, dx: Math.round(dx), dy: Math.round(dy), physics: true }, "Moving");
    void sent.finally(() => this.shift(id, [0, 0]));
  }

  /** Shows a layer and its shadows elsewhere, for as long as it is not known how they look there. */
  private shift(id: string, [dx, dy]: [number, number]): void {
    for (const { layer, uniforms } of this.stage.sheets) {
      if (layer.id === id || layer.caster === id) (uniforms.uShift!.value as { set(x: number, y: number): void }).set(dx, dy);
    }
    this.redraw();
  }

  async apply(): Promise<void> {
    const { points, box, tool } = this.store.state;
    if (tool !== "select" || (points.length === 0 && !box)) return;
    const rounded = points.map(([x, y, inside]) => [Math.round(x), Math.round(y), inside] as const);
    const corners = box ? [Math.min(box[0], box[2]), Math.min(box[1], box[3]), Math.max(box[0], box[2]), Math.max(box[1], box[3])].map(Math.round) : null;
    const before = new Set(this.store.state.scene.layers.map((layer) => layer.id));
    await this.edits.send({ action: "select", points: rounded, ...(corners ? { box: corners } : {}) }, "Cutting out");
    const made = this.store.state.scene.layers.filter((layer) => !before.has(layer.id));
    const [first] = made;
    if (!first) return;
    this.store.set({ points: [], box: null, selected: [first.id] });
    flash(this.store, first.id);
  }

  private movable(x: number, y: number): string | null {
    const id = this.layerAt(x, y);
    if (!id || id === this.store.state.scene.layers[0]?.id) return null;
    select(this.store, id, false);
    return id;
  }

  private layerAt(x: number, y: number): string | null {
    const { scene, hidden, solo } = this.store.state;
    const half = [scene.width / 2, scene.height / 2] as const;
    const placeFor = (q: number): [number, number] => {
      const [u, v] = placeSeen(this.stage.frame, this.stage.eye, x - half[0], y - half[1], q);
      return [u + half[0], v + half[1]];
    };
    return this.stage.castersNow().pick(placeFor, (id) => isShown(id, hidden, solo));
  }
}
