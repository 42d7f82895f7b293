import type { InputTensor } from "../codec/messages.ts";
import type { Dialect, ModelProfile } from "../dialects/dialect.ts";
import { createGeneric } from "../dialects/generic.ts";

/**
 * Whether a model can be served by the names and datatypes of its tensors: a text goes in, a text or a vector comes
 * out, and nothing else is required that nobody could fill in. An encoded image is bytes as well, so that such an
 * input is told by its name.
 */
export function fitsGeneric(profile: ModelProfile): boolean {
  const dialect = createGeneric(profile, {});
  const writesText = dialect.abilities.rpcs.length > 0;
  const embeds = dialect.embeddings !== undefined;
  if (!writesText && (!embeds || hasOtherResults(profile))) return false;
  const sent = writesText ? textInputs(dialect, profile.name) : embeddingInputs(dialect, profile.name);
  return hasEveryRequired(profile, sent) && !mediaPattern.test(sent[0]?.name ?? "");
}

const mediaPattern = /image|img|jpe?g|png|video|audio|wav|pixel/i;

function textInputs(dialect: Dialect, model: string): readonly InputTensor[] {
  const request = {
    model,
    requestId: "",
    prompt: "text",
    sampling: { maxTokens: 1 },
    extra: {},
    choices: 1,
    images: [],
    stream: true,
  };
  return dialect.call(request, "stream").inputs;
}

function embeddingInputs({ embeddings }: Dialect, model: string): readonly InputTensor[] {
  return embeddings?.call({ model, requestId: "", input: "text" }).inputs ?? [];
}

/** What is required is known of Triton's models only; others are taken at their word when a call fails. */
function hasEveryRequired({ metadata, config }: ModelProfile, sent: readonly InputTensor[]): boolean {
  if (config === undefined) return true;
  const names = new Set(sent.map(({ name }) => name));
  return metadata?.inputs.every(({ name }) => names.has(name) || config.optionalInputs.has(name)) ?? true;
}

const countPattern = /count|usage|^num_|tokens$/i;

/** Whether whole numbers come out that count nothing, as from a tokenizer, which is no embedding model. */
function hasOtherResults({ metadata }: ModelProfile): boolean {
  return (
    metadata?.outputs.some(({ name, datatype }) => /INT/.test(datatype) && !countPattern.test(name)) ?? false
  );
}
