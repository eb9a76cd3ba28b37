// The entrance: finds the scene, inside the page or on its server, and shows it; or says why it cannot.
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/layers.css";
import { Api } from "./api";
import { App } from "./app";
import { embeddedDescription } from "./description";
import { make } from "./elements";

async function start(root: HTMLElement): Promise<void> {
  const inside = embeddedDescription();
  const api = inside ? null : new Api();
  const scene = inside ?? (await api!.scene());
  await new App(root, scene, api).start();
}

const root = document.getElementById("app")!;
start(root).catch((error: unknown) => {
  const words = error instanceof Error ? error.message : String(error);
  root.replaceChildren(make("main", { class: "failure", role: "alert" }, make("h1", {}, "The scene cannot be shown"), make("p", {}, words)));
  root.dataset.ready = "failed";
});
