import { afterAll, beforeAll } from "bun:test";
import type { ChatBody, ChatChunk } from "../../support/openai-wire.ts";
import { startUpstream, type Upstream } from "../../support/upstream/upstream.ts";
import { type Answer, post } from "../../support/wire.ts";
import { teamScript } from "./cortex-team.ts";
import { type Program, startProgram } from "./program.ts";
import { readExample, readSnippet } from "./snippets.ts";

export const model = "cortex-flow";

export interface CortexBody extends ChatBody {
  conversation_id: string;
  metadata: { execution_time_seconds: number; agents_used: string[]; iterations: number };
}

export type CortexChunk = ChatChunk &
  Partial<Pick<CortexBody, "conversation_id" | "metadata">> & {
    choices: { delta: { reasoning_content?: string } }[];
  };

export interface CortexBed {
  /** Base of the OpenAI routes. */
  url: () => string;
  program: () => Program;
  upstream: () => Upstream;
  /** One message of the user. */
  ask: (content: string, more?: object) => Promise<Answer<CortexBody>>;
}

/** The example's team with the document's settings, for the tests of one `describe`. */
export function serveCortexFlow(): CortexBed {
  let running: { program: Program; upstream: Upstream } | undefined;
  beforeAll(async () => {
    const upstream = await startUpstream(teamScript);
    const program = await startProgram("oai-serve --config cortex-flow.yaml --env-file .env", {
      files: {
        "cortex-flow.yaml": readExample("cortex-flow.yaml"),
        ".env": readSnippet("cortex-flow", "settings.env"),
      },
      environment: { OPENAI_API_KEY: "cortex-test-key", OPENAI_BASE_URL: upstream.url },
    });
    running = { program, upstream };
  });
  afterAll(async () => {
    await running?.program.stop();
    await running?.upstream.close();
  });
  const started = () => {
    if (running === undefined) throw new Error("It has not started.");
    return running;
  };
  const url = () => `${started().program.url}/v1`;
  return {
    url,
    program: () => started().program,
    upstream: () => started().upstream,
    ask: (content, more = {}) =>
      post(`${url()}/chat/completions`, { model, messages: [{ role: "user", content }], ...more }),
  };
}
