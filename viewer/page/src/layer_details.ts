// What is chosen of the selected layer: opacity, depth offset, plane; and what may be done with it.
import type { LayerDescription } from "./description";
import type { Edits } from "./edits";
import { iconButton, make, slider } from "./elements";
import type { State, Store } from "./state";

const PLANES = ["foreground", "midground", "background"] as const;
const MOST_OFFSET = 0.5;

export function makeLayerDetails(store: Store, edits: Edits, rename: () => void): HTMLElement {
  const each = (act: (id: string) => void): void => store.state.selected.forEach(act);
  const opacity = slider("Opacity", [0, 1, 0.01], (value) => `${Math.round(value * 100)} %`, (value) => each((id) => store.setLook(id, { opacity: value })), 1);
  const offset = slider("Depth offset", [-MOST_OFFSET, MOST_OFFSET, 0.01], nearer, (value) => each((id) => store.setLook(id, { offset: value })), 0);
  const plane = make("select", { class: "pick", "aria-label": "Plane" }, ...PLANES.map((each) => make("option", { value: each }, each)));
  plane.addEventListener("change", () => {
    const [id] = store.state.selected;
    if (id) void edits.send({ action: "setPlane", id, plane: plane.value }, "Setting the plane");
  });
  const renaming = iconButton("rename", "Rename (F2)", rename);
  const merging = iconButton("merge", "Merge the selected layers (Ctrl+E)", () => void edits.mergeSelected());
  const dropping = iconButton("trash", "Drop the layer (Delete)", () => void edits.dropSelected());
  const copying = iconButton("copy", "Duplicate (Ctrl+D)", () => void edits.duplicateSelected());
  const flipping = iconButton("flip", "Flip left and right (X)", () => void edits.flipSelected());
  const acts = make("div", { class: "acts" }, plane, renaming, copying, flipping, merging, dropping);
  const facts = make("p", { class: "facts" });
  const element = make("section", { class: "details", "aria-label": "Selected layer" }, opacity.element, offset.element, acts, facts);
  store.watch((state) => {
    const chosen = state.selected.map((id) => state.scene.layers.find((layer) => layer.id === id)).filter((layer): layer is LayerDescription => !!layer);
    const [first] = chosen;
    element.hidden = !first;
    if (!first) return;
    const look = store.look(first.id);
    opacity.show(look.opacity);
    offset.show(look.offset);
    plane.value = first.plane;
    acts.hidden = !edits.possible;
    const bottom = first.id === state.scene.layers[0]?.id;
    renaming.disabled = plane.disabled = state.busy !== null;
    merging.disabled = chosen.length < 2 || state.busy !== null;
    dropping.disabled = copying.disabled = flipping.disabled = bottom || chosen.length > 1 || state.busy !== null;
    facts.textContent = told(state, chosen);
  });
  return element;
}

function nearer(value: number): string {
  if (Math.abs(value) < 0.005) return "as found";
  return `${Math.abs(Math.round(value * 100))} % ${value > 0 ? "nearer" : "farther"}`;
}

function told(state: State, chosen: readonly LayerDescription[]): string {
  const [layer] = chosen;
  if (!layer) return "";
  if (chosen.length > 1) return `${chosen.length} layers selected`;
  const unit = state.scene.metric ? " m" : "";
  return `${layer.label} · ${layer.width} × ${layer.height} px · depth ${layer.near.toPrecision(3)}–${layer.far.toPrecision(3)}${unit}`;
}
