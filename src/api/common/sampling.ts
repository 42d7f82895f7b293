import type { Static, TObject } from "@sinclair/typebox";
import type { Sampling } from "../../core/generation.ts";
import type { samplingFields } from "./fields.ts";

type SamplingBody = Static<TObject<typeof samplingFields>>;

/** The sampling fields that the client gave, under our names; `null` is not given. */
export function decodeSampling(body: SamplingBody, maxTokens: number | null | undefined): Sampling {
  const stop = (typeof body.stop === "string" ? [body.stop] : (body.stop ?? [])).filter(
    (text) => text !== "",
  );
  return {
    ...given("maxTokens", maxTokens),
    ...given("temperature", body.temperature),
    ...given("topP", body.top_p),
    ...given("topK", body.top_k),
    ...given("seed", body.seed),
    ...given("frequencyPenalty", body.frequency_penalty),
    ...given("presencePenalty", body.presence_penalty),
    ...given("logitBias", body.logit_bias),
    ...(stop.length === 0 ? {} : { stop }),
  };
}

/** `{ [name]: value }`, or nothing when the value is absent or null. */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { [key in Name]?: Value } {
  const entry: { [key in Name]?: Value } = {};
  if (value !== null && value !== undefined) entry[name] = value;
  return entry;
}

/** Fields that keep books and change no answer: taken without a word. */
const bookkeeping: ReadonlySet<string> = new Set([
  "metadata",
  "moderation",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "user",
]);

/** Those of them that the client gave and a model server of somebody else may want; nothing if there are none. */
export function noteFields(body: object): { notes?: Record<string, unknown> } {
  const notes = Object.entries(body).filter(([name, value]) => value !== null && bookkeeping.has(name));
  return notes.length === 0 ? {} : { notes: Object.fromEntries(notes) };
}

/** What the client gave and the surface does not read itself, by wire name. Own keys only, never a prototype's. */
export function extraFields(body: object, read: ReadonlySet<string>): Record<string, unknown> {
  const extra: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(body)) {
    if (value !== null && !read.has(name) && !bookkeeping.has(name)) extra[name] = value;
  }
  return extra;
}
