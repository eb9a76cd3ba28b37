// Depth of field: what is sharp, and how soon the rest blurs.
import { make, slider, toggle } from "./elements";
import type { Store } from "./state";

export function makeFocusPanel(store: Store): HTMLElement {
  const on = toggle("Depth of field", (value) => store.set({ focus: { ...store.state.focus, on: value } }));
  const at = slider("Focus", [0, 1, 0.005], (value) => (value > 0.66 ? "near" : value < 0.33 ? "far" : "middle"), (value) => store.set({ focus: { ...store.state.focus, on: true, at: value } }), 0.6);
  const strength = slider("Blur", [0, 1, 0.01], (value) => `${Math.round(value * 100)} %`, (value) => store.set({ focus: { ...store.state.focus, on: true, strength: value } }), 0.5);
  const hint = make("p", { class: "hint" }, "Click the picture to focus there.");
  const inner = make("div", { class: "inner" }, at.element, strength.element, hint);
  const element = make("section", { class: "group", "aria-label": "Focus" }, make("h2", {}, "Focus"), on.element, inner);
  store.watch(({ focus }) => {
    on.input.checked = focus.on;
    at.show(focus.at);
    strength.show(focus.strength);
    inner.hidden = !focus.on;
  });
  return element;
}
