// Handles of the lights on the picture: dragged with a pointer, or moved with the arrow keys.
import { icon, make } from "./elements";
import type { FrameView } from "./frame";
import { kelvinColour } from "./lamps";
import type { Light, State, Store } from "./state";

const KEY_STEP = 0.02;
const BEYOND = 0.04;

export class LightHandles {
  private readonly handles = new Map<number, HTMLButtonElement>();

  constructor(
    private readonly store: Store,
    private readonly frame: FrameView,
  ) {
    store.watch((state) => this.update(state));
  }

  private update(state: State): void {
    const shown = state.lit && !state.exploded ? state.lights : [];
    for (const [id, handle] of this.handles) {
      if (shown.some((light) => light.id === id)) continue;
      handle.remove();
      this.handles.delete(id);
    }
    for (const light of shown) this.place(light, state);
  }

  private place(light: Light, state: State): void {
    let handle = this.handles.get(light.id);
    if (!handle) {
      handle = this.make(light);
      this.handles.set(light.id, handle);
      this.frame.overlay.append(handle);
    }
    handle.style.left = `${light.x * 100}%`;
    handle.style.top = `${light.y * 100}%`;
    handle.dataset.chosen = String(state.chosenLight === light.id);
    const [r, g, b] = kelvinColour(light.kelvin).map((channel) => Math.round(255 * channel ** (1 / 2.2)));
    handle.style.setProperty("--light", `rgb(${r} ${g} ${b})`);
  }

  private make(light: Light): HTMLButtonElement {
    const name = light.kind === "sun" ? "Sun" : "Lamp";
    const handle = make("button", { type: "button", class: "light-handle", "aria-label": `${name} ${light.id}: drag it, or use the arrow keys`, title: name }, icon(light.kind === "sun" ? "sun" : "lamp"));
    const set = (x: number, y: number): void => {
      const within = (value: number): number => Math.min(Math.max(value, -BEYOND), 1 + BEYOND);
      this.store.setLight(light.id, { x: within(x), y: within(y) });
    };
    const now = (): Light => this.store.state.lights.find((each) => each.id === light.id) ?? light;
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      this.store.set({ chosenLight: light.id });
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const [x, y] = this.frame.placeOf(event);
      set(x / this.store.state.scene.width, y / this.store.state.scene.height);
    });
    handle.addEventListener("focus", () => this.store.set({ chosenLight: light.id }));
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      set(now().x + KEY_STEP * step[0]!, now().y + KEY_STEP * step[1]!);
    });
    return handle;
  }
}
