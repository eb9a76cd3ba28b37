// Which keys there are, and what they do.
import type { Edits } from "./edits";
import { explode, setTool, toggleCompare, VIEWS } from "./header";
import type { Shortcut } from "./keyboard";
import { toggleHidden, toggleSolo } from "./layer_list";
import { toggleLit } from "./light_panel";
import type { Selecting } from "./selecting";
import type { Stage } from "./stage";
import type { Store } from "./state";
import { rest, togglePlay } from "./transport";

export interface ShortcutActs {
  help(): void;
  rename(): void;
}

export function shortcutsOf(store: Store, stage: Stage, edits: Edits, selecting: Selecting, acts: ShortcutActs): Shortcut[] {
  const chosen = (act: (id: string) => void) => () => store.state.selected.forEach(act);
  const shown: Shortcut[] = [
    { key: " ", words: "Play or pause the camera move", group: "Look", act: () => togglePlay(store) },
    { key: "r", words: "Back to the photo's own view", group: "Look", act: () => rest(store) },
    { key: "e", ctrl: false, words: "Exploded view", group: "Look", act: () => explode(store, stage) },
    { key: "c", words: "Before and after", group: "Look", act: () => toggleCompare(store) },
    { key: "0", words: "The photo's own pixels, or fitted", group: "Look", act: () => store.set({ actual: !store.state.actual }) },
    { key: "?", words: "This sheet", group: "Look", act: acts.help },
    ...VIEWS.map(([view, label], k): Shortcut => ({ key: String(k + 1), words: `${label} view`, group: "Show", act: () => store.set({ view }) })),
    { key: "d", words: "Depth of field", group: "Show", act: () => store.set({ focus: { ...store.state.focus, on: !store.state.focus.on } }) },
    { key: "l", words: "Relight", group: "Show", act: () => toggleLit(store) },
    { key: "h", words: "Hide or show the selected layers", group: "Layers", act: chosen((id) => toggleHidden(store, id)) },
    { key: "s", ctrl: false, words: "Show the selected layer alone", group: "Layers", act: () => store.state.selected[0] && toggleSolo(store, store.state.selected[0]) },
    { key: "escape", words: "Let go of points, selection or tool", group: "Layers", act: () => letGo(store) },
  ];
  if (!edits.possible) return shown;
  return [
    ...shown,
    { key: "v", words: "Look around", group: "Edit", act: () => setTool(store, "look") },
    { key: "a", words: "Click objects to make them layers: Shift adds, Alt takes away", group: "Edit", act: () => setTool(store, "select") },
    { key: "enter", words: "Make a layer of the points", group: "Edit", act: () => void selecting.apply() },
    { key: "m", words: "Move a layer by dragging it", group: "Edit", act: () => setTool(store, "move") },
    { key: "f2", words: "Rename the selected layer", group: "Edit", act: acts.rename },
    { key: "arrowup", alt: true, words: "Bring the selected layer nearer", group: "Edit", act: () => void edits.step(true) },
    { key: "arrowdown", alt: true, words: "Send it farther", group: "Edit", act: () => void edits.step(false) },
    { key: "d", ctrl: true, words: "Duplicate the selected layer", group: "Edit", act: () => void edits.duplicateSelected() },
    { key: "x", words: "Flip the selected layer", group: "Edit", act: () => void edits.flipSelected() },
    { key: "e", ctrl: true, words: "Merge the selected layers", group: "Edit", act: () => void edits.mergeSelected() },
    { key: "delete", words: "Drop the selected layer", group: "Edit", act: () => void edits.dropSelected() },
    { key: "z", ctrl: true, shift: false, words: "Undo", group: "Edit", act: () => void edits.undo() },
    { key: "z", ctrl: true, shift: true, words: "Redo", group: "Edit", act: () => void edits.redo() },
    { key: "s", ctrl: true, words: "Save", group: "Edit", act: () => void edits.save() },
  ];
}

function letGo(store: Store): void {
  const { points, box, tool } = store.state;
  if (points.length || box) store.set({ points: [], box: null });
  else if (tool !== "look") setTool(store, "look");
  else store.set({ selected: [], solo: null });
}
