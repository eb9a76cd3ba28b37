// Makes elements of the page, and the few controls of which there are many.
import { iconShape, type Icon } from "./icons";

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | null>;

/** An element with attributes (true: there, false or null: not there) and children. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
}

export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const shape of iconShape(name)) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

/** A button that shows an icon only; `title` says what it does, and its key. */
export function iconButton(name: Icon, title: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const button = make("button", { type: "button", class: "icon-button", title, "aria-label": title.replace(/ \(.*\)$/, ""), ...attributes }, icon(name));
  button.addEventListener("click", act);
  return button;
}

export function textButton(label: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const button = make("button", { type: "button", class: "text-button", ...attributes }, label);
  button.addEventListener("click", act);
  return button;
}

export interface Slider {
  element: HTMLElement;
  input: HTMLInputElement;
  show(value: number): void;
}

/** A labelled slider with its value in words beside it; a double click on the label resets it. */
export function slider(
  label: string,
  [least, most, step]: [number, number, number],
  words: (value: number) => string,
  change: (value: number) => void,
  normal: number,
): Slider {
  const input = make("input", { type: "range", min: least, max: most, step, "aria-label": label });
  const told = make("output", { class: "value" });
  const name = make("span", { class: "name", title: "Double-click to reset" }, label);
  const element = make("div", { class: "slider" }, name, told, input);
  const show = (value: number): void => {
    input.value = String(value);
    input.style.setProperty("--share", String((Number(input.value) - least) / (most - least || 1)));
    input.setAttribute("aria-valuetext", words(value));
    told.textContent = words(value);
  };
  input.addEventListener("input", () => change(Number(input.value)));
  name.addEventListener("dblclick", () => change(normal));
  show(normal);
  return { element, input, show };
}

export interface Switch {
  element: HTMLElement;
  input: HTMLInputElement;
}

export function toggle(label: string, change: (on: boolean) => void): Switch {
  const input = make("input", { type: "checkbox", role: "switch" });
  const element = make("label", { class: "switch" }, make("span", {}, label), input);
  input.addEventListener("change", () => change(input.checked));
  return { element, input };
}

export interface Choice {
  element: HTMLElement;
  show(value: string): void;
}

/** One of a few, side by side, as radio buttons. */
export function choice(name: string, label: string, options: readonly [string, string, string][], change: (value: string) => void): Choice {
  const element = make("div", { class: "choice", role: "radiogroup", "aria-label": label });
  const inputs = options.map(([value, words, title]) => {
    const input = make("input", { type: "radio", name, value });
    input.addEventListener("change", () => change(value));
    element.append(make("label", { title }, input, make("span", {}, words)));
    return input;
  });
  return { element, show: (value) => inputs.forEach((input) => (input.checked = input.value === value)) };
}
