import { ServeError } from "../../../core/error.ts";
import { stringifyInTurns } from "../../../core/json-in-turns.ts";
import { startWorker } from "../../../core/start-worker.ts";
import type { Template } from "../template.ts";
import { compileTemplate } from "./compile.ts";
import { toVariables, type SpecialTokens } from "./conversation.ts";
import { findAnswerForm } from "./marks.ts";
import { findShape, findVariables } from "./shape.ts";
import { createRenderThread, renderFailure, type RenderThread } from "./thread.ts";

export interface JinjaOptions extends SpecialTokens {
  /** For the operator: where the template came from. */
  name: string;
  source: string;
  /**
   * Whether a `bosToken` at the beginning of the prompt stays. Off by default: tokenizers of model servers write one
   * themselves, and a second one makes answers worse.
   */
  addBos?: boolean;
  /** Where it is rendered; by default in threads that all templates share. */
  thread?: RenderThread;
}

/**
 * A model's own chat template, in Jinja as Hugging Face's tokenizers render it. It runs in a thread of its own, for at
 * most a second and one more for each MiB of messages, and within bounds of memory. Throws `TemplateSyntaxError`.
 * `render` rejects with `invalid_request` in the template's words when it raises an exception, with `internal` when it
 * fails, and with `unavailable` when too many prompts wait.
 */
export function createJinjaTemplate({
  name,
  source,
  addBos = false,
  thread,
  ...tokens
}: JinjaOptions): Template {
  const program = compileTemplate(source);
  const shape = findShape(program);
  const { bosToken = "", eosToken } = tokens;
  return {
    name,
    takesTools: shape.hasTools,
    ...findAnswerForm(source, eosToken),
    variables: findVariables(program),
    async render(conversation, signal) {
      const variables = await stringifyInTurns(toVariables(conversation, shape, tokens), signal);
      const shared = variables.length > fewCharacters ? threadForLarge : threadForSmall;
      const reply = await (thread ?? shared).run({ source, variables }, signal);
      if ("refusal" in reply) throw refused(reply.refusal);
      if ("failure" in reply) throw renderFailure(reply.failure);
      const isMarked = !addBos && bosToken !== "" && reply.text.startsWith(bosToken);
      return isMarked ? reply.text.slice(bosToken.length) : reply.text;
    },
  };
}

/** Ends the threads that templates share; the next renderings start other ones. */
export function closeTemplateThreads(): void {
  threadForSmall.close();
  threadForLarge.close();
}

/** Conversations of up to so many characters, about 60,000 tokens, never wait for larger ones. */
const fewCharacters = 262_144;

const threadForSmall = createSharedThread();
const threadForLarge = createSharedThread();

function createSharedThread(): RenderThread {
  return createRenderThread({
    newWorker: () => startWorker("text/templates/jinja/worker.ts"),
    startMs: 10_000,
    runMs: 1_000,
  });
}

const maxWords = 300;

function refused(words: string): ServeError {
  const text = words
    .replaceAll(/[\p{C}\p{Z}]+/gu, " ")
    .trim()
    .slice(0, maxWords);
  return new ServeError("invalid_request", `The model's chat template refuses the messages: ${text}`, {
    code: "invalid_value",
    param: "messages",
  });
}
