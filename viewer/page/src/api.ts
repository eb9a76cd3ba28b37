// Talks to the server of this page: the scene, edits, saving and exporting.
import { checked, type SceneDescription } from "./description";

export type Edit =
  | { action: "rename"; id: string; name: string }
  | { action: "drop"; id: string; shadow: boolean }
  | { action: "merge"; ids: string[] }
  | { action: "reorder"; id: string; before?: string; after?: string }
  | { action: "setPlane"; id: string; plane: string }
  | { action: "move"; id: string; dx: number; dy: number; physics: boolean }
  | { action: "duplicate"; id: string; dx: number; dy: number; physics: boolean }
  | { action: "flip"; id: string }
  | { action: "select"; points: (readonly [number, number, 0 | 1])[]; box?: readonly number[] }
  | { action: "undo" }
  | { action: "redo" };

export interface Status {
  revision: number;
  changedOnDisk: boolean;
}

/** The server refused, in words that can be shown; `overwrite` where it would do it if asked to replace a file. */
export class Refused extends Error {
  constructor(words: string, readonly overwrite: boolean) {
    super(words);
  }
}

export class Api {
  private readonly token = new URLSearchParams(location.search).get("token") ?? "";

  async scene(): Promise<SceneDescription> {
    return checked(await (await this.ask("/api/scene")).json());
  }

  async edit(edit: Edit): Promise<SceneDescription> {
    return checked(await (await this.ask("/api/edit", edit)).json());
  }

  /** Has the server load what answers clicks on objects, so that the first one is quick. */
  async prepare(): Promise<void> {
    await this.ask("/api/prepare", {});
  }

  async status(): Promise<Status> {
    return (await (await this.ask("/api/status")).json()) as Status;
  }

  /** Where the scene was saved. */
  async save(overwrite: boolean): Promise<string> {
    return ((await (await this.ask("/api/save", overwrite ? { overwrite } : {})).json()) as { path: string }).path;
  }

  /** The exported file, and what it should be called. */
  async export(suffix: string): Promise<[Blob, string]> {
    const answer = await this.ask("/api/export", { suffix });
    const said = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("content-disposition") ?? "");
    return [await answer.blob(), said?.[1] ? decodeURIComponent(said[1]) : `scene${suffix}`];
  }

  private async ask(path: string, body?: object): Promise<Response> {
    const headers = { "X-Multiplane-Token": this.token, ...(body ? { "Content-Type": "application/json" } : {}) };
    let answer: Response;
    try {
      answer = await fetch(path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
    } catch (error) {
      throw new Error("multiplane does not answer; start `multiplane view` again", { cause: error });
    }
    if (answer.ok) return answer;
    const told = (await answer.json().catch(() => ({}))) as { error?: string; overwrite?: boolean };
    throw new Refused(told.error ?? `multiplane refused (${answer.status}); reload the page`, told.overwrite ?? false);
  }
}
