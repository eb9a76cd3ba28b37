// What editing does: sends it to the server, shows the scene that comes back, tells what went wrong.
import { type Api, type Edit, Refused } from "./api";
import { confirm } from "./confirm";
import type { SceneDescription } from "./description";
import type { Notice } from "./notice";
import { type Place, stepped } from "./order";
import type { Store } from "./state";

export class Edits {
  private told: unknown = null;

  constructor(
    private readonly store: Store,
    private readonly api: Api | null,
    private readonly notice: Notice,
    private readonly show: (scene: SceneDescription) => Promise<void>,
  ) {}

  get possible(): boolean {
    return this.api !== null && this.store.state.scene.editable;
  }

  async send(edit: Edit, doing: string): Promise<void> {
    const { api } = this;
    if (!api || !this.possible) return;
    await this.whileBusy(doing, async () => {
      const scene = await api.edit(edit);
      await this.take(scene);
      if (scene.note) this.notice.say(scene.note);
    });
  }

  /** For the tool that clicks on objects. */
  prepare(): void {
    if (this.possible) this.api?.prepare().catch((error: unknown) => this.notice.complain(error));
  }

  rename(id: string, name: string): Promise<void> {
    return this.send({ action: "rename", id, name }, "Renaming");
  }

  dropSelected(): Promise<void> {
    const [id] = this.store.state.selected;
    if (!id || id === this.store.state.scene.layers[0]?.id) return Promise.resolve();
    // Its shadow without the thing that throws it would be a stain.
    const shadow = this.store.state.scene.layers.some((layer) => layer.caster === id);
    return this.send({ action: "drop", id, shadow }, "Dropping");
  }

  mergeSelected(): Promise<void> {
    const ids = [...this.store.state.selected];
    return ids.length > 1 ? this.send({ action: "merge", ids }, "Merging") : Promise.resolve();
  }

  /** A copy beside it, a tenth of the picture away: as the thing itself would look there. */
  async duplicateSelected(): Promise<void> {
    const { selected, scene } = this.store.state;
    const [id] = selected;
    if (!id || id === scene.layers[0]?.id) return;
    const known = new Set(scene.layers.map((layer) => layer.id));
    await this.send({ action: "duplicate", id, dx: Math.round(scene.width / 10), dy: 0, physics: true }, "Duplicating");
    const made = this.store.state.scene.layers.filter((layer) => !known.has(layer.id) && layer.caster === null);
    if (made[0]) this.store.set({ selected: [made[0].id] });
  }

  flipSelected(): Promise<void> {
    const [id] = this.store.state.selected;
    return id && id !== this.store.state.scene.layers[0]?.id ? this.send({ action: "flip", id }, "Flipping") : Promise.resolve();
  }

  place(id: string, place: Place): Promise<void> {
    return this.send({ action: "reorder", id, ...place }, "Reordering");
  }

  step(nearer: boolean): Promise<void> {
    const { scene, selected } = this.store.state;
    const [id] = selected;
    const place = id ? stepped(scene.layers.map((layer) => layer.id), id, nearer) : null;
    return id && place ? this.place(id, place) : Promise.resolve();
  }

  undo(): Promise<void> {
    return this.store.state.scene.canUndo ? this.send({ action: "undo" }, "Undoing") : Promise.resolve();
  }

  redo(): Promise<void> {
    return this.store.state.scene.canRedo ? this.send({ action: "redo" }, "Redoing") : Promise.resolve();
  }

  async save(): Promise<void> {
    const { api } = this;
    if (!api || !this.possible) return;
    await this.whileBusy("Saving", async () => {
      let path;
      try {
        path = await api.save(false);
      } catch (error) {
        if (!(error instanceof Refused && error.overwrite) || !(await confirm(error.message, "Replace it"))) throw error;
        path = await api.save(true);
      }
      this.notice.say(`Saved as ${path}`);
      await this.take(await api.scene());
    });
  }

  /** Looks whether the scene changed elsewhere: in another window, or on the disk. What goes wrong is told once. */
  async poll(): Promise<void> {
    const { api } = this;
    if (!api || !this.possible || this.store.state.busy || document.hidden) return;
    try {
      const status = await api.status();
      const { scene, busy } = this.store.state;
      if (!busy && scene.revision !== undefined && status.revision !== scene.revision) await this.take(await api.scene());
      this.tell(status.changedOnDisk ? "Another program wrote the file; saving asks before it replaces it" : null);
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(news: unknown): void {
    const words = news instanceof Error ? news.message : news;
    if (words !== null && words !== this.told) this.notice[news instanceof Error ? "complain" : "say"](String(words));
    this.told = words;
  }

  async export(suffix: string): Promise<void> {
    const { api } = this;
    if (!api || !this.possible) return;
    await this.whileBusy(`Exporting ${suffix}`, async () => {
      const [file, name] = await api.export(suffix);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.notice.say(`Exported ${name}`);
    });
  }

  private async take(scene: SceneDescription): Promise<void> {
    await this.show(scene);
    const there = new Set(scene.layers.map((layer) => layer.id));
    const { selected, solo, hidden } = this.store.state;
    this.store.set({
      scene,
      selected: selected.filter((id) => there.has(id)),
      hidden: new Set([...hidden].filter((id) => there.has(id))),
      solo: solo !== null && there.has(solo) ? solo : null,
    });
  }

  private async whileBusy(doing: string, act: () => Promise<void>): Promise<void> {
    if (this.store.state.busy) return;
    this.store.set({ busy: doing });
    try {
      await act();
    } catch (error) {
      this.notice.complain(error);
    } finally {
      this.store.set({ busy: null });
    }
  }
}
