// Lights: which there are, and what the chosen one is like.
import { choice, iconButton, make, slider, textButton, toggle } from "./elements";
import { sunHandle } from "./lamps";
import { MOST_LIGHTS } from "./shaders";
import type { Light, Store } from "./state";

const CONFIDENT = 0.3;

export function addLight(store: Store, kind: Light["kind"]): void {
  const { lights } = store.state;
  if (lights.length >= MOST_LIGHTS) return;
  const id = 1 + Math.max(0, ...lights.map((light) => light.id));
  // The first sun comes from where the photo's own light does, if that is known.
  const { keyLight, width, height } = store.state.scene;
  const known = lights.length === 0 && keyLight && keyLight.confidence >= CONFIDENT;
  const [x, y] = known ? sunHandle(keyLight.towards, width, height) : [0.22, 0.16];
  const within = (share: number): number => Math.min(Math.max(share, 0.04), 0.96);
  const light: Light =
    kind === "sun"
      ? { id, kind, x: within(x), y: within(y), depth: 1, strength: 0.85, kelvin: 5200, softness: 0.3 }
      : { id, kind, x: 0.6, y: 0.35, depth: 0.9, strength: 0.8, kelvin: 3400, softness: 0.3 };
  store.set({ lights: [...lights, light], chosenLight: id, lit: true });
}

export function toggleLit(store: Store): void {
  const lit = !store.state.lit;
  store.set({ lit });
  if (lit && store.state.lights.length === 0) addLight(store, "sun");
}

export function makeLightPanel(store: Store): HTMLElement {
  const on = toggle("Relight", () => toggleLit(store));
  const ambient = slider("Ambient", [0, 1, 0.01], percent, (value) => store.set({ ambient: value }), 0.4);
  const shadows = toggle("Shadows between layers", (value) => store.set({ shadows: value }));
  const holder = make("div", { class: "chosen-light" });
  const chips = make("div", { class: "chips" });
  const sun = textButton("+ Sun", () => addLight(store, "sun"));
  const lamp = textButton("+ Lamp", () => addLight(store, "point"));
  const inner = make("div", { class: "inner" }, make("div", { class: "lights-row" }, chips, make("div", { class: "chips" }, sun, lamp)), holder, ambient.element, shadows.element);
  const element = make("section", { class: "group", "aria-label": "Light" }, make("h2", {}, "Light"), on.element, inner);
  const change = (patch: Partial<Light>): void => {
    const { chosenLight } = store.state;
    if (chosenLight !== null) store.setLight(chosenLight, patch);
  };
  const strength = slider("Strength", [0, 2.5, 0.01], percent, (value) => change({ strength: value }), 1);
  const kelvin = slider("Warmth", [2000, 12000, 50], (value) => `${Math.round(value)} K`, (value) => change({ kelvin: value }), 5200);
  kelvin.element.classList.add("warmth");
  const softness = slider("Softness", [0.02, 1, 0.01], percent, (value) => change({ softness: value }), 0.3);
  const depth = slider("Distance", [0, 1.5, 0.01], (value) => (value > 1 ? "in front" : `${Math.round((1 - value) * 100)} % back`), (value) => change({ depth: value }), 0.9);
  const remove = iconButton("trash", "Remove this light", () => {
    const lights = store.state.lights.filter((light) => light.id !== store.state.chosenLight);
    store.set({ lights, chosenLight: lights[0]?.id ?? null, lit: lights.length > 0 });
  });
  holder.append(strength.element, kelvin.element, softness.element, depth.element);
  let picker = choice("light", "Chosen light", [], () => undefined);
  store.watch((state, before) => {
    on.input.checked = state.lit;
    inner.hidden = !state.lit;
    ambient.show(state.ambient);
    shadows.input.checked = state.shadows;
    const ids = (lights: readonly Light[]): string => lights.map((light) => light.id).join();
    if (state === before || ids(state.lights) !== ids(before.lights)) {
      picker = choice("light", "Chosen light", state.lights.map((light) => [String(light.id), `${light.kind === "sun" ? "Sun" : "Lamp"} ${light.id}`, "Choose this light"]), (id) => store.set({ chosenLight: Number(id) }));
      chips.replaceChildren(...(state.lights.length ? [picker.element, remove] : []));
      sun.disabled = lamp.disabled = state.lights.length >= MOST_LIGHTS;
    }
    picker.show(String(state.chosenLight));
    const light = state.lights.find((each) => each.id === state.chosenLight);
    holder.hidden = !light;
    if (!light) return;
    strength.show(light.strength);
    kelvin.show(light.kelvin);
    softness.show(light.softness);
    depth.show(light.depth);
    depth.element.hidden = light.kind === "sun";
  });
  return element;
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
