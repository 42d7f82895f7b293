import { ServeError } from "../../core/error.ts";
import type { Inspection, ModelDescription } from "../../core/generation.ts";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { MalformedAnswer } from "./malformed.ts";
import { parseJson, readWhole } from "./read-answer.ts";
import { toServeError } from "./status.ts";
import type { Upstream } from "./upstream.ts";

const probeTimeoutMs = 5_000;
const maxModels = 10_000;

export interface ModelList {
  /** The ids are in the form that public ids have; others cannot be asked for. */
  models: readonly ModelDescription[];
  /** What the server says that it is. */
  server?: string;
}

/** What `GET /models` lists, within five seconds. Rejects with a `ServeError`. */
export async function listModels(upstream: Upstream, signal: AbortSignal): Promise<ModelList> {
  const late = AbortSignal.timeout(probeTimeoutMs);
  const limited = AbortSignal.any([signal, late]);
  try {
    const answer = await upstream.get("models", limited);
    const list = parseJson(await readWhole(answer));
    const entries = isRecord(list) ? list["data"] : list;
    if (!Array.isArray(entries)) throw new MalformedAnswer("It lists no models.");
    const { server } = answer.headers;
    return {
      models: entries.slice(0, maxModels).filter(isRecord).flatMap(toDescription),
      ...(typeof server === "string" ? { server } : {}),
    };
  } catch (error) {
    if (late.aborted && !signal.aborted) throw tooLate();
    throw toServeError(error, limited);
  }
}

/** Resolves if the server answers and takes our key. Not every server lists its models. Rejects with a `ServeError`. */
export async function assertReady(upstream: Upstream, signal: AbortSignal): Promise<void> {
  try {
    await listModels(upstream, signal);
  } catch (error) {
    const isWithoutList = error instanceof ServeError && error.shouldRetry === false && isOtherCall(error);
    if (!isWithoutList) throw error;
  }
}

/** The server in its own words, and its models with what it says of them. Rejects with a `ServeError`. */
export async function inspect(
  upstream: Upstream,
  served: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Inspection> {
  const { models, server } = await listModels(upstream, signal);
  const shown = served === undefined ? models : models.filter(({ id }) => served.includes(id));
  return {
    ...(server === undefined ? {} : { server }),
    listed: models.map(({ id }) => id),
    models: shown.map(({ id, ownedBy, contextTokens }) => ({
      id,
      facts: [
        { name: "owned by", value: ownedBy },
        ...(contextTokens === undefined ? [] : [{ name: "context", value: `${contextTokens} tokens` }]),
      ],
    })),
    skipped: [],
  };
}

/** As it fails where there is no such path. */
function isOtherCall({ code, kind }: ServeError): boolean {
  return kind === "upstream" && code === "upstream_error";
}

const idForm = /^[^\s\p{Cc}]{1,256}$/u;

function toDescription(entry: JsonRecord): ModelDescription[] {
  const { id, owned_by: owner } = entry;
  if (typeof id !== "string" || !idForm.test(id)) return [];
  const contextTokens = contextOf(entry);
  return [
    {
      // Gemini's list has them under a folder, its calls take them without.
      id: id.replace(/^models\//, ""),
      ownedBy: typeof owner === "string" && owner !== "" ? owner.slice(0, 256) : "upstream",
      ...(contextTokens === undefined ? {} : { contextTokens }),
    },
  ];
}

/** Under the names that vLLM, OpenRouter, Groq, LM Studio and llama.cpp give it. */
function contextOf(entry: JsonRecord): number | undefined {
  const { meta } = entry;
  const candidates = [
    entry["max_model_len"],
    entry["context_length"],
    entry["context_window"],
    entry["max_context_length"],
    isRecord(meta) ? meta["n_ctx"] : undefined,
  ];
  return candidates.find(
    (value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value > 0,
  );
}

function tooLate(): ServeError {
  return new ServeError("timeout", "The model server did not answer in time.", { code: "timeout" });
}
