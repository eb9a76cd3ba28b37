// The page as a whole: puts its parts together, and draws a frame whenever something moves or has changed.
import { Color } from "three";
import { Api } from "./api";
import type { SceneDescription } from "./description";
import { Edits } from "./edits";
import { make } from "./elements";
import { AT_REST, followed, type Eye } from "./eye";
import { makeFocusPanel } from "./focus_panel";
import { FrameView } from "./frame";
import { makeHeader } from "./header";
import { makeHelpSheet } from "./help_sheet";
import { listenForKeys } from "./keyboard";
import { makeLayerDetails } from "./layer_details";
import { makeLayerList } from "./layer_list";
import { LightHandles } from "./light_handles";
import { makeLightPanel } from "./light_panel";
import { eyeOnMove } from "./moves";
import { Notice } from "./notice";
import { makePanel } from "./panel";
import { Pointer } from "./pointer";
import { Selecting } from "./selecting";
import { shortcutsOf } from "./shortcuts";
import { Stage } from "./stage";
import { firstState, Store } from "./state";
import { Tilt } from "./tilt";
import { makeTransport } from "./transport";

const SIDE_SECONDS = 0.65;
const LONGEST_STEP = 0.1;
const POLL_MS = 2000;

export class App {
  private readonly store: Store;
  private readonly stage: Stage;
  private readonly frame: FrameView;
  private readonly pointer: Pointer;
  private readonly tilt: Tilt;
  private readonly notice = new Notice();
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private accent = new Color();
  private last: number | null = null;
  private asked = false;
  private shown = false;

  constructor(private readonly root: HTMLElement, scene: SceneDescription, api: Api | null) {
    this.store = new Store(firstState(scene));
    this.frame = new FrameView(this.store, (width, height, tall) => this.resized(width, height, tall));
    this.stage = new Stage(this.frame.canvas, scene);
    const edits = new Edits(this.store, api, this.notice, (next) => this.stage.show(next));
    const selecting = new Selecting(this.store, this.stage, edits, () => this.ask());
    this.pointer = new Pointer(this.frame, this.store, this.stage, selecting, () => this.ask());
    this.tilt = new Tilt((x, y) => this.pointer.aim(x, y));
    const list = makeLayerList(this.store, edits);
    const shortcuts = shortcutsOf(this.store, this.stage, edits, selecting, { help: () => help.showModal(), rename: list.renameSelected });
    const help = makeHelpSheet(shortcuts);
    const layers = make("section", { class: "group layers-group", "aria-label": "Layers" }, make("h2", {}, "Layers"), list.element, makeLayerDetails(this.store, edits, list.renameSelected));
    const transport = makeTransport(this.store, (on) => void this.tilting(on));
    new LightHandles(this.store, this.frame);
    const busy = make("div", { class: "busy", role: "status", "aria-live": "polite", hidden: true });
    this.root.replaceChildren(
      makeHeader(this.store, edits, this.stage, () => help.showModal()),
      make("main", { class: "main", "aria-label": "Picture" }, this.frame.area, selecting.bar, this.notice.element, busy, transport.element),
      makePanel(layers, makeLightPanel(this.store), makeFocusPanel(this.store)),
      help,
    );
    listenForKeys(shortcuts);
    if (api) window.setInterval(() => void edits.poll(), POLL_MS);
    this.store.watch((state) => {
      busy.hidden = state.busy === null;
      busy.textContent = state.busy ? `${state.busy} …` : "";
      this.root.setAttribute("aria-busy", String(state.busy !== null));
      this.ask();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.readAccent());
    this.readAccent();
  }

  /** Loads the layers and draws them for the first time. */
  async start(): Promise<void> {
    await this.stage.show(this.store.state.scene);
    this.shown = true;
    this.frame.layOut();
    this.draw();
    this.root.dataset.ready = "true";
  }

  private readAccent(): void {
    const value = getComputedStyle(document.documentElement).getPropertyValue("--accent-line").trim();
    this.accent = new Color().setStyle(value || "#4c8dff");
    // The shader writes display values, so the colour must not be made linear.
    this.accent.convertLinearToSRGB();
    this.ask();
  }

  private resized(width: number, height: number, tall: number): void {
    const { scene } = this.store.state;
    this.stage.half = (tall * scene.height) / (2 * scene.focal);
    this.stage.resize(width, height);
    if (this.shown) this.draw();
  }

  private async tilting(on: boolean): Promise<void> {
    try {
      if (on) await this.tilt.start();
      else this.tilt.stop();
      this.store.set({ tilt: on });
    } catch (error) {
      this.notice.complain(error);
    }
  }

  private ask(): void {
    if (this.asked || !this.shown) return;
    this.asked = true;
    this.frame.canvas.dataset.settled = "false";
    requestAnimationFrame((now) => this.step(now));
  }

  private step(now: number): void {
    this.asked = false;
    const seconds = this.last === null ? 1 / 60 : Math.min((now - this.last) / 1000, LONGEST_STEP);
    this.last = now;
    const moves = [this.play(seconds), this.follow(seconds), this.turn(seconds)].some(Boolean);
    this.draw();
    if (moves) this.ask();
    else this.last = null;
  }

  private play(seconds: number): boolean {
    const { playing, time, scene, move } = this.store.state;
    if (!playing) return false;
    const length = scene.moves.find((each) => each.name === move)?.seconds ?? 1;
    this.store.set({ time: ((time ?? 0) + seconds / length) % 1 });
    return true;
  }

  private get goal(): Eye {
    const { scene, parallax, time, move, tool, compare } = this.store.state;
    const reach = parallax * scene.eyeUnit;
    const loop = scene.moves.find((each) => each.name === move);
    if (time !== null && loop) return eyeOnMove(loop, time, reach);
    if (tool !== "look" || compare !== null) return AT_REST;
    const [x, y] = this.pointer.look;
    return { x: x * reach, y: y * reach, z: 0 };
  }

  private follow(seconds: number): boolean {
    const { time, scene } = this.store.state;
    const goal = this.goal;
    this.stage.eye = time !== null || this.still.matches ? goal : followed(this.stage.eye, goal, seconds, scene.eyeUnit);
    return this.stage.eye !== goal && time === null && !this.still.matches;
  }

  private turn(seconds: number): boolean {
    const { side } = this.stage;
    const goal = this.store.state.exploded ? 1 : 0;
    const step = this.still.matches ? 1 : seconds / SIDE_SECONDS;
    side.share = goal > side.share ? Math.min(goal, side.share + step) : Math.max(goal, side.share - step);
    return side.share !== goal;
  }

  private draw(): void {
    const { state } = this.store;
    if (state.view === "filled") {
      for (const sheet of this.stage.sheets) sheet.loadFilled().then((fresh) => fresh && this.ask(), (error: unknown) => this.notice.complain(error));
    }
    this.stage.draw(state, this.accent);
    const { dataset } = this.frame.canvas;
    const { x, y, z } = this.stage.eye;
    dataset.eye = `${x},${y},${z}`;
    dataset.drawCalls = String(this.stage.drawCalls);
    dataset.textureBytes = String(this.stage.textureBytes);
    dataset.settled = String(!this.asked);
  }
}
