// The list of layers, nearest on top: chosen, hidden, shown alone, reordered by dragging or with the keyboard.
import type { Edits } from "./edits";
import { make } from "./elements";
import { makeRow, type Row } from "./layer_row";
import type { State, Store } from "./state";

const FLASH_MS = 700;

export interface LayerList {
  element: HTMLElement;
  renameSelected(): void;
}

export function makeLayerList(store: Store, edits: Edits): LayerList {
  const list = make("ol", { class: "layers", "aria-label": "Layers, nearest first" });
  let rows = new Map<string, Row>();
  const acts = {
    select: (id: string, event: MouseEvent | KeyboardEvent) => select(store, id, event.shiftKey || event.ctrlKey || event.metaKey),
    toggleHidden: (id: string) => toggleHidden(store, id),
    toggleSolo: (id: string) => toggleSolo(store, id),
    rename: (id: string, name: string) => void edits.rename(id, name),
    hint: (id: string | null) => store.set({ hinted: id }),
  };
  const build = (state: State): void => {
    const focused = (document.activeElement?.closest("[data-layer]") as HTMLElement | null)?.dataset.layer;
    rows = new Map(state.scene.layers.map((layer) => [layer.id, makeRow(layer, edits.possible, acts)]));
    list.replaceChildren(...[...rows.values()].reverse().map((row) => row.element));
    if (focused) rows.get(focused)?.element.querySelector<HTMLElement>(".layer-pick")?.focus();
  };
  list.addEventListener("keydown", (event) => walk(list, event));
  dragRows(list, store, edits);
  store.watch((state, before) => {
    if (state === before || state.scene !== before.scene) build(state);
    const first = state.selected[0] ?? state.scene.layers.at(-1)?.id;
    for (const [id, row] of rows) {
      row.show({
        hidden: state.hidden.has(id), solo: state.solo === id, dimmed: state.solo !== null && state.solo !== id,
        selected: state.selected.includes(id), first: id === first,
      });
    }
  });
  return {
    element: list,
    renameSelected: () => rows.get(store.state.selected[0] ?? "")?.beginRename(),
  };
}

export function select(store: Store, id: string, more: boolean): void {
  const { selected } = store.state;
  const rest = selected.filter((each) => each !== id);
  store.set({ selected: more ? (rest.length < selected.length ? rest : [...selected, id]) : [id] });
}

/** Shows the outline of a layer for as long as it takes to see it. */
export function flash(store: Store, id: string): void {
  store.set({ hinted: id });
  setTimeout(() => store.state.hinted === id && store.set({ hinted: null }), FLASH_MS);
}

export function toggleHidden(store: Store, id: string): void {
  const hidden = new Set(store.state.hidden);
  if (!hidden.delete(id)) hidden.add(id);
  store.set({ hidden });
}

export function toggleSolo(store: Store, id: string): void {
  store.set({ solo: store.state.solo === id ? null : id });
}

/** Up and down between rows; left and right between the buttons of one come with Tab. */
function walk(list: HTMLElement, event: KeyboardEvent): void {
  if (event.altKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const picks = [...list.querySelectorAll<HTMLButtonElement>(".layer-pick")];
  const at = picks.findIndex((pick) => pick.closest("li")?.contains(document.activeElement));
  const next = picks[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
  next.click();
}

function dragRows(list: HTMLElement, store: Store, edits: Edits): void {
  let dragged: HTMLElement | null = null;
  const rowOf = (event: Event): HTMLElement | null => (event.target as Element).closest<HTMLElement>("[data-layer]");
  const above = (row: HTMLElement, event: DragEvent): boolean => {
    const box = row.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2;
  };
  const unmark = (): void => list.querySelectorAll<HTMLElement>("[data-drop]").forEach((row) => delete row.dataset.drop);
  list.addEventListener("dragstart", (event) => {
    dragged = rowOf(event);
    event.dataTransfer?.setData("text/plain", dragged?.dataset.layer ?? "");
  });
  list.addEventListener("dragover", (event) => {
    const row = rowOf(event);
    if (!dragged || !row) return;
    event.preventDefault();
    unmark();
    if (row !== dragged) row.dataset.drop = above(row, event) ? "above" : "below";
  });
  list.addEventListener("drop", (event) => {
    const row = rowOf(event);
    const [id, other] = [dragged?.dataset.layer, row?.dataset.layer];
    unmark();
    dragged = null;
    if (!row || !id || !other || id === other || id === store.state.scene.layers[0]?.id) return;
    event.preventDefault();
    // What is higher in the list is nearer, so it comes after in the scene.
    const behind = !above(row, event) && other !== store.state.scene.layers[0]?.id;
    void edits.place(id, behind ? { before: other } : { after: other });
  });
  list.addEventListener("dragend", unmark);
}
