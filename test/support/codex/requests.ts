import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What Codex posts to `/v1/responses`; the parts that tests look at. */
export interface CodexRequest {
  model: string;
  instructions: string;
  input: readonly object[];
  tools: readonly { type: string }[];
  [field: string]: unknown;
}

const folder = join(import.meta.dir, "../../fixtures/responses/codex");

/** One turn, written in the form of its requests: `first-turn`, `second-turn`, `after-compaction`. */
export function codexRequest(name: "first-turn" | "second-turn" | "after-compaction"): CodexRequest {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

/** Posts it with the headers of Codex. */
export function postAsCodex(url: string, body: CodexRequest, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/responses`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      authorization: "Bearer none",
      originator: "codex_cli_rs",
      "session-id": "019ac9a4-6a3f-7d10-9b1e-5f0a7c2d4e11",
      "x-client-request-id": "019ac9a4-6a3f-7d10-9b1e-5f0a7c2d4e11",
    },
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  });
}
