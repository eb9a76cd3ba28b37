// The bar below the picture: plays a camera move, and says how far the view may move.
import { iconButton, icon, make, slider, toggle } from "./elements";
import type { Store } from "./state";
import { canTilt } from "./tilt";

/** Beyond the safe budget the slider goes on to this, so that a budget of nothing can still be looked past. */
const ALWAYS_OFFERED = 0.06;
const TASTEFUL_STEP = 0.0005;

export interface Transport {
  element: HTMLElement;
}

export function makeTransport(store: Store, tilt: (on: boolean) => void): Transport {
  const play = iconButton("play", "Play the camera move (Space)", () => togglePlay(store), { class: "icon-button play" });
  const names = make("select", { "aria-label": "Camera move", class: "pick" });
  names.addEventListener("change", () => store.set({ move: names.value }));
  const scrub = slider("Time", [0, 1, 0.001], (share) => `${(share * seconds(store)).toFixed(1)} s`, (time) => store.set({ time, playing: false }), 0);
  scrub.element.classList.add("scrub");
  const { safeParallax } = store.state.scene;
  const most = Math.max(ALWAYS_OFFERED, safeParallax);
  const parallax = slider(
    "Parallax", [0, most, TASTEFUL_STEP],
    (share) => `${(share * 100).toFixed(1)} %${share > store.state.scene.safeParallax + TASTEFUL_STEP ? " beyond fill" : ""}`,
    (value) => store.set({ parallax: value }), store.state.scene.clipParallax,
  );
  parallax.element.classList.add("parallax");
  parallax.element.title = "How far near and far move against each other, as a share of the width. The mark is how much of it was filled in behind the layers.";
  const spread = slider("Spread", [0.4, 3, 0.05], (value) => value.toFixed(1), (value) => store.set({ spread: value }), 1.6);
  spread.element.classList.add("spread");
  const relief = toggle("Relief", (on) => store.set({ relief: on }));
  const reset = iconButton("reset", "Back to the photo's own view (R)", () => rest(store));
  const tilting = iconButton("tilt", "Look around by tilting the device", () => tilt(!store.state.tilt), { hidden: !canTilt() });
  const element = make("div", { class: "transport", role: "group", "aria-label": "Camera" }, play, names, scrub.element, parallax.element, spread.element, relief.element, tilting, reset);
  store.watch((state, before) => {
    if (state === before || state.scene.moves !== before.scene.moves) {
      names.replaceChildren(...state.scene.moves.map((move) => make("option", { value: move.name }, capital(move.name))));
      names.value = state.move;
    }
    if (state.move !== before.move) names.value = state.move;
    if (state === before || state.playing !== before.playing) {
      play.replaceChildren(icon(state.playing ? "pause" : "play"));
      play.setAttribute("aria-label", state.playing ? "Pause the camera move" : "Play the camera move");
    }
    if (state.time !== before.time || state === before) scrub.show(state.time ?? 0);
    parallax.show(state.parallax);
    parallax.element.style.setProperty("--mark", String(Math.min(state.scene.safeParallax / most, 1)));
    parallax.element.dataset.beyond = String(state.parallax > state.scene.safeParallax + TASTEFUL_STEP);
    tilting.setAttribute("aria-pressed", String(state.tilt));
    spread.show(state.spread);
    relief.input.checked = state.relief;
    spread.element.hidden = relief.element.hidden = !state.exploded;
    parallax.element.hidden = scrub.element.hidden = state.exploded;
  });
  return { element };
}

export function togglePlay(store: Store): void {
  const playing = !store.state.playing;
  store.set({ playing, time: store.state.time ?? 0, ...(playing ? { exploded: false, tool: "look" as const, points: [] } : {}) });
}

/** Stops whatever moves the eye, and turns lights and everything else that is looked at as it was. */
export function rest(store: Store): void {
  store.set({ playing: false, time: null, exploded: false });
}

function seconds(store: Store): number {
  return store.state.scene.moves.find((move) => move.name === store.state.move)?.seconds ?? 1;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
