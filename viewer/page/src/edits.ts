// What editing does: sends it to the server, shows the scene that comes back, tells what went wrong.
import type { Api, Edit } from "./api";
import type { SceneDescription } from "./description";
import type { Notice } from "./notice";
import { type Place, stepped } from "./order";
import type { Store } from "./state";

export class Edits {
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
    await this.whileBusy(doing, async () => this.take(await api.edit(edit)));
  }

  rename(id: string, name: string): Promise<void> {
    return this.send({ action: "rename", id, name }, "Renaming");
  }

  dropSelected(): Promise<void> {
    const [id] = this.store.state.selected;
    return id ? this.send({ action: "drop", id }, "Dropping") : Promise.resolve();
  }

  mergeSelected(): Promise<void> {
    const ids = [...this.store.state.selected];
    return ids.length > 1 ? this.send({ action: "merge", ids }, "Merging") : Promise.resolve();
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
    await this.whileBusy("Saving", async () => this.notice.say(`Saved as ${await api.save()}`));
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
