import type { BatchBody, ResultLine } from "./batch-wire.ts";
import { uploadFile } from "./forms.ts";
import { until } from "./sources.ts";
import { post, send } from "./wire.ts";

/** What tests ask of batches over plain HTTP. */
export interface BatchClient {
  /** Uploads lines, each an object or a text of its own, and makes a batch of them. */
  submit(lines: readonly (string | object)[], more?: object): Promise<BatchBody>;
  get(id: string): Promise<BatchBody>;
  /** Once it has ended. */
  ended(id: string): Promise<BatchBody>;
  cancel(id: string): Promise<BatchBody>;
  /** The lines of one of its files; none where there is none. */
  lines(id: string | undefined): Promise<ResultLine[]>;
}

const final: ReadonlySet<string> = new Set(["completed", "failed", "expired", "cancelled"]);
/** Longer than another server needs to see that one has died. */
const patienceMs = 60_000;

/** `url` is the base of the routes, with `/v1`. */
export function createBatchClient(url: string): BatchClient {
  const get = async (id: string) => (await send<BatchBody>(`${url}/batches/${id}`)).json;
  return {
    get,
    async submit(lines, more = {}) {
      const { id } = await uploadFile(url, { content: toJsonl(lines) });
      const body = { input_file_id: id, endpoint: "/v1/chat/completions", completion_window: "24h", ...more };
      const { status, json, text } = await post<BatchBody>(`${url}/batches`, body);
      if (status !== 200) throw new Error(`${status}: ${text}`);
      return json;
    },
    async ended(id) {
      await until(async () => final.has((await get(id)).status), patienceMs);
      return await get(id);
    },
    async cancel(id) {
      return (await send<BatchBody>(`${url}/batches/${id}/cancel`, { method: "POST" })).json;
    },
    async lines(id) {
      if (id === undefined) return [];
      const { text } = await send(`${url}/files/${id}/content`);
      return toResults(text);
    },
  };
}

export function toJsonl(lines: readonly (string | object)[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
}

/** The results that are in a file; throws unless each of its lines is whole. */
export function toResults(text: string): ResultLine[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line is not whole");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line): ResultLine => JSON.parse(line));
}

/** A line that asks a chat model; `more` is of its body. */
export function chatLine(id: string, content = id, more: object = {}) {
  return {
    custom_id: id,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "echo", messages: [{ role: "user", content }], ...more },
  };
}
