// The frame: how large the picture is shown, and what lies over it: the photo to compare, points, a selection.
import { make } from "./elements";
import type { State, Store } from "./state";

const MARGIN = 20;
const SHARPEST = 2;

export class FrameView {
  readonly canvas = make("canvas", { tabindex: 0, role: "img" });
  readonly overlay = make("div", { class: "overlay" });
  readonly element: HTMLElement;
  readonly area: HTMLElement;
  /** The frame's size in style-sheet pixels, and the canvas's. */
  size: [number, number] = [1, 1];
  private readonly photo = make("img", { class: "photo", alt: "", draggable: "false" });
  private readonly divider = make("div", { class: "divider", role: "slider", tabindex: 0, "aria-label": "Before and after", "aria-valuemin": 0, "aria-valuemax": 100 });
  private readonly marks = document.createElementNS("http://www.w3.org/2000/svg", "svg");

  constructor(
    private readonly store: Store,
    private readonly resized: (width: number, height: number, tall: number) => void,
  ) {
    const tags = make("div", { class: "compare-tags", "aria-hidden": "true" }, make("span", {}, "Photo"), make("span", {}, "View"));
    const compare = make("div", { class: "compare" }, this.photo, tags, this.divider);
    this.marks.setAttribute("class", "marks");
    this.marks.setAttribute("aria-hidden", "true");
    this.element = make("div", { class: "frame" }, this.canvas, compare, this.overlay);
    this.element.append(this.marks);
    this.area = make("div", { class: "area" }, this.element);
    new ResizeObserver(() => this.layOut()).observe(this.area);
    this.dragDivider();
    store.watch((state, before) => this.update(state, before));
  }

  /** Where a pointer is, in pixels of the photo as it lies in the frame. */
  placeOf(event: { clientX: number; clientY: number }): [number, number] {
    const box = this.element.getBoundingClientRect();
    const { width, height } = this.store.state.scene;
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  }

  layOut(): void {
    const { scene, exploded, actual } = this.store.state;
    const { clientWidth, clientHeight } = this.area;
    if (!clientWidth || !clientHeight) return;
    const sharp = Math.min(window.devicePixelRatio || 1, SHARPEST);
    const margin = Math.min(MARGIN, clientWidth * 0.03);
    const fit = Math.min((clientWidth - 2 * margin) / scene.width, (clientHeight - 2 * margin) / scene.height);
    const scale = actual && !exploded ? 1 / sharp : fit;
    const fitted: [number, number] = [Math.round(scene.width * scale), Math.round(scene.height * scale)];
    this.size = exploded ? [clientWidth, clientHeight] : fitted;
    this.element.style.width = `${this.size[0]}px`;
    this.element.style.height = `${this.size[1]}px`;
    this.resized(Math.round(this.size[0] * sharp), Math.round(this.size[1] * sharp), this.size[1] / fitted[1]);
  }

  private update(state: State, before: State): void {
    const { scene } = state;
    if (this.photo.getAttribute("src") !== scene.photo && state.compare !== null) this.photo.src = scene.photo;
    this.canvas.setAttribute("aria-label", `${scene.name}: ${scene.layers.length} layers. Move the pointer, or use the arrow keys, to look around.`);
    this.element.dataset.compare = String(state.compare !== null && !state.exploded);
    this.element.dataset.tool = state.tool;
    this.area.dataset.exploded = String(state.exploded);
    this.area.dataset.actual = String(state.actual);
    const share = state.compare ?? 0;
    this.element.style.setProperty("--share", `${share * 100}%`);
    this.divider.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    this.divider.setAttribute("aria-valuetext", `photo on the left ${Math.round(share * 100)} per cent`);
    // The photo's own transparency masks the view as a whole, where it is seen from where it was taken.
    this.canvas.style.maskImage = scene.mask && !state.exploded ? `url("${scene.mask}")` : "";
    this.canvas.style.maskSize = "100% 100%";
    if (state.points !== before.points || state.box !== before.box || state === before) this.drawMarks(state);
    if (state.exploded !== before.exploded || state.actual !== before.actual || scene !== before.scene) this.layOut();
  }

  private drawMarks(state: State): void {
    const { width, height } = state.scene;
    this.marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const radius = (7 / this.size[0]) * width;
    const dots = state.points.map(([x, y, inside]) => shape("circle", { cx: x, cy: y, r: radius, class: inside ? "point in" : "point out" }));
    const box = state.box ? [shape("rect", { x: Math.min(state.box[0], state.box[2]), y: Math.min(state.box[1], state.box[3]), width: Math.abs(state.box[2] - state.box[0]), height: Math.abs(state.box[3] - state.box[1]), class: "box" })] : [];
    this.marks.replaceChildren(...box, ...dots);
  }

  private dragDivider(): void {
    const set = (share: number): void => this.store.set({ compare: Math.min(Math.max(share, 0), 1) });
    this.divider.addEventListener("pointerdown", (event) => {
      this.divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.divider.focus();
    });
    this.divider.addEventListener("pointermove", (event) => {
      if (!this.divider.hasPointerCapture(event.pointerId)) return;
      set(this.placeOf(event)[0] / this.store.state.scene.width);
    });
    this.divider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      set((this.store.state.compare ?? 0.5) + step);
    });
  }
}

function shape(kind: "circle" | "rect", attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.setAttribute("vector-effect", "non-scaling-stroke");
  return element;
}
