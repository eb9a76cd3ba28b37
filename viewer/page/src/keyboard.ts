// Keyboard shortcuts: one table, which the keys follow and the help sheet lists.

export interface Shortcut {
  /** As KeyboardEvent.key names it, lower case. */
  key: string;
  ctrl?: boolean;
  shift?: boolean;
  alt?: boolean;
  words: string;
  group: "Look" | "Show" | "Layers" | "Edit";
  act(): void;
}

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select";

/** Follows `shortcuts` wherever nobody is typing. */
export function listenForKeys(shortcuts: readonly Shortcut[]): void {
  window.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    const ctrl = event.ctrlKey || event.metaKey;
    if (target.matches?.(TYPING) && !ctrl) return;
    // Space presses the button that has the focus, and arrows move the slider that has it.
    if (event.key === " " && target.matches?.("button, input, [role=switch]")) return;
    const found = shortcuts.find(
      (each) =>
        each.key === event.key.toLowerCase() && !!each.ctrl === ctrl && !!each.alt === event.altKey &&
        (each.shift === undefined || each.shift === event.shiftKey),
    );
    if (!found) return;
    event.preventDefault();
    found.act();
  });
}

/** The keys of a shortcut as they are written on a keyboard. */
export function keysOf({ key, ctrl, shift, alt }: Shortcut): string[] {
  const names: Record<string, string> = { " ": "Space", arrowup: "↑", arrowdown: "↓", delete: "Delete", escape: "Esc", enter: "Enter" };
  const name = names[key] ?? (key.length === 1 ? key.toUpperCase() : key.charAt(0).toUpperCase() + key.slice(1));
  return [ctrl ? "Ctrl" : "", shift ? "Shift" : "", alt ? "Alt" : "", name].filter(Boolean);
}
