// Looks around with mouse, touch and arrow keys: where the eye should go; and turns the exploded view.
import type { FrameView } from "./frame";
import { MOST_LIFT, MOST_TURN } from "./side_camera";
import type { Stage } from "./stage";
import type { Store } from "./state";

const CLICK_SLOP = 4;
const KEY_STEP = 0.2;

export interface Clicks {
  /** A click or a tap at a place of the photo. */
  click(place: [number, number], event: PointerEvent): void;
  /** A drag with a tool that drags: from and to in places of the photo; `done` on release, null where it was left. */
  drag(from: [number, number], to: [number, number], event: PointerEvent, done: boolean | null): void;
}

export class Pointer {
  /** Where to look, in [-1, 1] each way; 0 is the photo's own view. */
  look: [number, number] = [0, 0];
  private start: { x: number; y: number; place: [number, number]; moved: boolean } | null = null;

  constructor(
    private readonly frame: FrameView,
    private readonly store: Store,
    private readonly stage: Stage,
    private readonly clicks: Clicks,
    private readonly changed: () => void,
  ) {
    const { canvas } = frame;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event, true));
    canvas.addEventListener("pointercancel", (event) => this.up(event, false));
    canvas.addEventListener("pointerleave", () => this.start ?? this.aim(0, 0));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.aim(0, 0));
  }

  /** Looks towards (x, y) within a circle of 1: the corners of the frame do not exceed the budget. */
  aim(x: number, y: number): void {
    const length = Math.max(1, Math.hypot(x, y));
    this.look = [x / length, y / length];
    this.changed();
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.frame.canvas.setPointerCapture(event.pointerId);
    this.start = { x: event.clientX, y: event.clientY, place: this.frame.placeOf(event), moved: false };
  }

  private move(event: PointerEvent): void {
    const { start } = this;
    const { exploded, tool, compare } = this.store.state;
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > CLICK_SLOP) start.moved = true;
    if (exploded) {
      if (start?.moved) this.turn(event.movementX, event.movementY);
      return;
    }
    if (tool !== "look") {
      if (start?.moved) this.clicks.drag(start.place, this.frame.placeOf(event), event, false);
      return;
    }
    if (compare !== null || (event.pointerType === "touch" && !start?.moved)) return;
    const box = this.frame.canvas.getBoundingClientRect();
    if (event.pointerType === "touch" && start) {
      this.aim((2.4 * (event.clientX - start.x)) / box.width, (2.4 * (event.clientY - start.y)) / box.height);
    } else {
      this.aim((2 * (event.clientX - box.left)) / box.width - 1, (2 * (event.clientY - box.top)) / box.height - 1);
    }
  }

  private up(event: PointerEvent, finished: boolean): void {
    const { start } = this;
    this.start = null;
    if (!start) return;
    if (finished && !start.moved) this.clicks.click(start.place, event);
    else if (this.store.state.tool !== "look") this.clicks.drag(start.place, this.frame.placeOf(event), event, finished ? true : null);
    if (event.pointerType === "touch") this.aim(0, 0);
  }

  private turn(x: number, y: number): void {
    const { side } = this.stage;
    side.turn = Math.min(Math.max(side.turn + x * 0.006, -MOST_TURN), MOST_TURN);
    side.lift = Math.min(Math.max(side.lift + y * 0.005, -MOST_LIFT), MOST_LIFT);
    this.changed();
  }

  private wheel(event: WheelEvent): void {
    if (!this.store.state.exploded) return;
    event.preventDefault();
    const { side } = this.stage;
    side.zoom = Math.min(Math.max(side.zoom * Math.exp(-event.deltaY * 0.0012), 0.4), 4);
    this.changed();
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (this.store.state.exploded) this.turn(14 * step[0]!, 14 * step[1]!);
    else this.aim(this.look[0] + KEY_STEP * step[0]!, this.look[1] + KEY_STEP * step[1]!);
  }
}
