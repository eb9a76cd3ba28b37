// The bar on top: the scene's name, what is shown of it, and what may be done with the whole.
import type { Edits } from "./edits";
import { choice, icon, iconButton, make } from "./elements";
import { FIRST_SIDE } from "./side_camera";
import type { Stage } from "./stage";
import type { Store, Tool, View } from "./state";

export const VIEWS: readonly [View, string, string][] = [
  ["picture", "Picture", "The picture (1)"],
  ["depth", "Depth", "Near is bright (2)"],
  ["normals", "Normals", "Which way surfaces face (3)"],
  ["filled", "Fill", "What was invented behind the layers (4)"],
  ["wireframe", "Wire", "The mesh that bends each layer (5)"],
];
const TOOLS: readonly [Tool, "look" | "select" | "move", string][] = [
  ["look", "look", "Look around (V)"],
  ["select", "select", "Click an object to make it a layer (A)"],
  ["move", "move", "Move a layer (M)"],
];

export function makeHeader(store: Store, edits: Edits, stage: Stage, help: () => void): HTMLElement {
  const title = make("h1", {});
  const edited = make("span", { class: "edited", title: "Not saved yet" }, "edited");
  const views = choice("view", "Show", VIEWS, (view) => store.set({ view: view as View }));
  const exploded = iconButton("explode", "Exploded view (E)", () => explode(store, stage));
  const compare = iconButton("compare", "Before and after (C)", () => toggleCompare(store));
  const undo = iconButton("undo", "Undo (Ctrl+Z)", () => void edits.undo());
  const redo = iconButton("redo", "Redo (Ctrl+Shift+Z)", () => void edits.redo());
  const save = iconButton("save", "Save (Ctrl+S)", () => void edits.save());
  const tools = make("div", { class: "tools", role: "group", "aria-label": "Tools" });
  const toolButtons = TOOLS.map(([tool, name, words]) => {
    const button = iconButton(name, words, () => setTool(store, tool));
    tools.append(button);
    return [tool, button] as const;
  });
  const editing = make("div", { class: "editing" }, undo, redo, save, exportMenu(store, edits));
  const bar = make(
    "header", { class: "bar" },
    make("div", { class: "title" }, title, edited), tools, views.element,
    make("div", { class: "actions" }, exploded, compare, editing, iconButton("help", "Keyboard shortcuts (?)", help)),
  );
  store.watch((state) => {
    title.textContent = state.scene.file ?? state.scene.name;
    edited.hidden = !state.scene.unsaved;
    retitle(undo, "Undo", state.scene.undoWords, "Ctrl+Z");
    retitle(redo, "Redo", state.scene.redoWords, "Ctrl+Shift+Z");
    title.title = `${state.scene.width} × ${state.scene.height}, ${state.scene.bitDepth} bit`;
    document.title = `${state.scene.name} – multiplane`;
    views.show(state.view);
    press(exploded, state.exploded);
    press(compare, state.compare !== null);
    for (const [tool, button] of toolButtons) press(button, state.tool === tool);
    editing.hidden = tools.hidden = !edits.possible;
    undo.disabled = !state.scene.canUndo || state.busy !== null;
    redo.disabled = !state.scene.canRedo || state.busy !== null;
    save.disabled = state.busy !== null;
  });
  return bar;
}

export function setTool(store: Store, tool: Tool): void {
  store.set({ tool, points: [], box: null, ...(tool === "look" ? {} : { exploded: false, playing: false, time: null, compare: null }) });
}

export function explode(store: Store, stage: Stage): void {
  const exploded = !store.state.exploded;
  if (exploded && stage.side.share === 0) Object.assign(stage.side, FIRST_SIDE);
  store.set({ exploded, ...(exploded ? { tool: "look" as const, points: [], box: null } : {}) });
}

export function toggleCompare(store: Store): void {
  const on = store.state.compare === null;
  store.set({ compare: on ? 0.5 : null, ...(on ? { exploded: false, tool: "look" as const } : {}) });
}

function retitle(button: HTMLButtonElement, act: string, words: string | undefined, keys: string): void {
  button.title = `${act}${words ? ` ${words}` : ""} (${keys})`;
}

function press(button: HTMLButtonElement, on: boolean): void {
  button.setAttribute("aria-pressed", String(on));
}

function exportMenu(store: Store, edits: Edits): HTMLElement {
  const list = make("div", { class: "menu", id: "export-menu", role: "menu", "aria-label": "Export as", hidden: true });
  const button = make("button", { type: "button", class: "icon-button", title: "Export", "aria-label": "Export", "aria-haspopup": "menu", "aria-expanded": "false" }, icon("export"));
  const open = (on: boolean): void => {
    list.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (on) list.querySelector("button")?.focus();
  };
  button.addEventListener("click", () => open(list.hidden));
  list.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape") {
      open(false);
      button.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      items.at((at + (event.key === "ArrowDown" ? 1 : -1)) % items.length)?.focus();
      event.preventDefault();
    } else return;
    event.stopPropagation();
  });
  const holder = make("div", { class: "menu-holder" }, button, list);
  holder.addEventListener("focusout", (event) => {
    if (!holder.contains(event.relatedTarget as Node | null)) open(false);
  });
  let shown: unknown = null;
  store.watch((state) => {
    button.disabled = state.busy !== null;
    if (shown === state.scene.formats) return;
    shown = state.scene.formats;
    list.replaceChildren(
      ...state.scene.formats.map(({ suffix, title }) => {
        const item = make("button", { type: "button", role: "menuitem", tabindex: -1 }, make("span", {}, title), make("kbd", {}, suffix));
        item.addEventListener("click", () => {
          open(false);
          void edits.export(suffix);
        });
        return item;
      }),
    );
  });
  return holder;
}
