// One row of the layer list: thumbnail, name, what it is, and whether it shows.
import type { LayerDescription } from "./description";
import { icon, iconButton, make } from "./elements";

export interface RowActs {
  select(id: string, event: MouseEvent | KeyboardEvent): void;
  toggleHidden(id: string): void;
  toggleSolo(id: string): void;
  rename(id: string, name: string): void;
  hint(id: string | null): void;
}

export interface Row {
  element: HTMLElement;
  show(how: { hidden: boolean; solo: boolean; dimmed: boolean; selected: boolean; first: boolean }): void;
  beginRename(): void;
}

export function makeRow(layer: LayerDescription, editable: boolean, acts: RowActs): Row {
  const eye = iconButton("eye", `Hide ${layer.name}`, () => acts.toggleHidden(layer.id));
  const solo = iconButton("solo", `Show only ${layer.name}`, () => acts.toggleSolo(layer.id));
  const name = make("span", { class: "layer-name" }, layer.name);
  const facts = make("span", { class: "layer-facts" }, factsOf(layer));
  const pick = make("button", { type: "button", class: "layer-pick", "aria-pressed": "false" },
    make("span", { class: "thumb" }, make("img", { src: layer.thumbnail, alt: "", loading: "lazy", draggable: "false" })),
    make("span", { class: "layer-words" }, name, facts));
  const element = make("li", { class: "layer", "data-layer": layer.id, "data-plane": layer.plane, draggable: String(editable) }, pick, solo, eye);
  pick.addEventListener("click", (event) => acts.select(layer.id, event));
  element.addEventListener("pointerenter", () => acts.hint(layer.id));
  element.addEventListener("pointerleave", () => acts.hint(null));
  const beginRename = (): void => {
    if (!editable || element.querySelector("input")) return;
    const input = make("input", { class: "rename", value: layer.name, "aria-label": `New name of ${layer.name}`, maxlength: 200, spellcheck: "false" });
    const end = (keep: boolean): void => {
      const wanted = input.value.trim();
      input.replaceWith(pick);
      element.draggable = true;
      pick.focus();
      if (keep && wanted && wanted !== layer.name) acts.rename(layer.id, wanted);
    };
    let ended = false;
    const once = (keep: boolean): void => {
      if (ended) return;
      ended = true;
      end(keep);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") once(true);
      if (event.key === "Escape") once(false);
    });
    input.addEventListener("blur", () => once(true));
    element.draggable = false;
    pick.replaceWith(input);
    input.select();
  };
  pick.addEventListener("dblclick", beginRename);
  return {
    element,
    beginRename,
    show({ hidden, solo: alone, dimmed, selected, first }) {
      element.dataset.hidden = String(hidden || dimmed);
      element.dataset.selected = String(selected);
      pick.setAttribute("aria-pressed", String(selected));
      pick.tabIndex = first ? 0 : -1;
      eye.replaceChildren(icon(hidden ? "hidden" : "eye"));
      eye.setAttribute("aria-pressed", String(hidden));
      solo.setAttribute("aria-pressed", String(alone));
    },
  };
}

function factsOf(layer: LayerDescription): string {
  if (layer.blend === "multiply") return "shadow, multiplied";
  const made = Math.round(layer.filledShare * 100);
  return [layer.plane, made > 0 ? `${made} % filled in` : null].filter(Boolean).join(" · ");
}
