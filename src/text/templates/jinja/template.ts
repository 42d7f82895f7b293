import { ServeError } from "../../../core/error.ts";
import { startWorker } from "../../../core/start-worker.ts";
import type { Template } from "../template.ts";
import { compileTemplate } from "./compile.ts";
import { toVariables, type SpecialTokens } from "./conversation.ts";
import { findAnswerForm } from "./marks.ts";
import { findShape } from "./shape.ts";
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
  /** Where it is rendered; by default in a thread that all templates share. */
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
  const shape = findShape(compileTemplate(source));
  const { bosToken = "", eosToken } = tokens;
  return {
    name,
    takesTools: shape.hasTools,
    ...findAnswerForm(source, eosToken),
    async render(conversation) {
      const variables = toVariables(conversation, shape, tokens);
      const reply = await (thread ?? sharedThread).run({ source, variables });
      if ("refusal" in reply) throw refused(reply.refusal);
      if ("failure" in reply) throw renderFailure(reply.failure);
      const isMarked = !addBos && bosToken !== "" && reply.text.startsWith(bosToken);
      return isMarked ? reply.text.slice(bosToken.length) : reply.text;
    },
  };
}

/** Ends the thread that templates share; the next rendering starts another one. */
export function closeTemplateThread(): void {
  sharedThread.close();
}

const sharedThread = createRenderThread({
  newWorker: () => startWorker("text/templates/jinja/worker.ts"),
  startMs: 10_000,
  runMs: 1_000,
});

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
