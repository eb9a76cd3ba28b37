// The panel at the side, which is a sheet at the foot of a phone: layers, focus, light.
import { iconButton, make } from "./elements";

const TABS = [["layers", "Layers"], ["light", "Light"], ["focus", "Focus"]] as const;

export function makePanel(layers: HTMLElement, light: HTMLElement, focus: HTMLElement): HTMLElement {
  const parts = { layers, light, focus };
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Panel" });
  const panel = make("aside", { class: "panel", "aria-label": "Layers, light and focus", "data-open": "false" });
  const buttons = TABS.map(([name, words]) => {
    const button = make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `part-${name}` }, words);
    button.addEventListener("click", () => show(name, true));
    tabs.append(button);
    return [name, button] as const;
  });
  const show = (chosen: string, open: boolean): void => {
    const same = panel.dataset.tab === chosen && panel.dataset.open === "true";
    panel.dataset.tab = chosen;
    panel.dataset.open = String(open && !same);
    for (const [name, button] of buttons) button.setAttribute("aria-selected", String(name === chosen));
  };
  for (const [name] of TABS) {
    parts[name].id = `part-${name}`;
    parts[name].dataset.part = name;
  }
  const grip = iconButton("more", "Open or close the panel", () => show(panel.dataset.tab ?? "layers", true));
  grip.classList.add("grip");
  panel.append(make("div", { class: "panel-head" }, tabs, grip), make("div", { class: "parts" }, layers, light, focus));
  show("layers", false);
  return panel;
}
