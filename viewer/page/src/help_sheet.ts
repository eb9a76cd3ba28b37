// The sheet that lists the keyboard shortcuts.
import { iconButton, make } from "./elements";
import { keysOf, type Shortcut } from "./keyboard";

export function makeHelpSheet(shortcuts: readonly Shortcut[]): HTMLDialogElement {
  const groups = [...new Set(shortcuts.map((each) => each.group))].map((group) =>
    make("section", {}, make("h3", {}, group),
      make("dl", {}, ...shortcuts.filter((each) => each.group === group).map((each) =>
        make("div", {}, make("dt", {}, ...keysOf(each).map((key) => make("kbd", {}, key))), make("dd", {}, each.words))))));
  const dialog = make("dialog", { class: "help", "aria-label": "Keyboard shortcuts" });
  dialog.append(
    make("div", { class: "help-head" }, make("h2", {}, "Keyboard shortcuts"), iconButton("close", "Close (Esc)", () => dialog.close())),
    make("div", { class: "help-groups" }, ...groups),
    make("p", { class: "hint" }, "Arrow keys look around while the picture has the focus. Tab goes from control to control."),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
