// Talks to the server of this page: the scene, edits, saving and exporting.
import { checked, type SceneDescription } from "./description";

export type Edit =
  | { action: "rename"; id: string; name: string }
  | { action: "drop"; id: string }
  | { action: "merge"; ids: string[] }
  | { action: "reorder"; id: string; before?: string; after?: string }
  | { action: "setPlane"; id: string; plane: string }
  | { action: "move"; id: string; dx: number; dy: number; physics: boolean }
  | { action: "select"; points: (readonly [number, number, 0 | 1])[]; box?: readonly number[] }
  | { action: "undo" }
  | { action: "redo" };

export class Api {
  private readonly token = new URLSearchParams(location.search).get("token") ?? "";

  async scene(): Promise<SceneDescription> {
    return checked(await (await this.ask("/api/scene")).json());
  }

  async edit(edit: Edit): Promise<SceneDescription> {
    return checked(await (await this.ask("/api/edit", edit)).json());
  }

  /** Where the scene was saved. */
  async save(): Promise<string> {
    return ((await (await this.ask("/api/save", {})).json()) as { path: string }).path;
  }

  /** The exported file, and what it should be called. */
  async export(suffix: string): Promise<[Blob, string]> {
    const answer = await this.ask("/api/export", { suffix });
    const said = /filename\*?=(?:UTF-8'')?"?([^";]+)"?/.exec(answer.headers.get("content-disposition") ?? "");
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
    const told = (await answer.json().catch(() => ({}))) as { error?: string };
    throw new Error(told.error ?? `multiplane refused (${answer.status}); reload the page`);
  }
}
