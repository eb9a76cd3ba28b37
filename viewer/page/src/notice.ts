// One line of news at the foot of the picture: what was done, or what went wrong.
import { make } from "./elements";

const SHOWN_MS = 4500;

export class Notice {
  readonly element = make("div", { class: "notice", role: "status", "aria-live": "polite", hidden: true });
  private timer = 0;

  say(words: string): void {
    this.show(words, "news");
  }

  complain(error: unknown): void {
    this.show(error instanceof Error ? error.message : String(error), "trouble");
  }

  private show(words: string, kind: string): void {
    this.element.textContent = words;
    this.element.dataset.kind = kind;
    this.element.hidden = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.element.hidden = true), kind === "trouble" ? 3 * SHOWN_MS : SHOWN_MS);
  }
}
