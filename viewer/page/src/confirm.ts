// Asks before something is replaced.
import { make, textButton } from "./elements";

/** Whether the user agrees; Escape and the other button do not. */
export function confirm(words: string, agree: string): Promise<boolean> {
  return new Promise((answer) => {
    const dialog = make("dialog", { class: "confirm", role: "alertdialog", "aria-label": agree });
    dialog.append(
      make("p", {}, words),
      make("div", { class: "confirm-acts" },
        textButton("Cancel", () => dialog.close("no"), { autofocus: true }),
        textButton(agree, () => dialog.close("yes"), { class: "text-button primary" })),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    document.getElementById("app")!.append(dialog);
    dialog.showModal();
  });
}
