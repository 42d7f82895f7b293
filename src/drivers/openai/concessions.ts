import type { GenerationRequest } from "../../core/generation.ts";
import { ServeError } from "../../core/error.ts";
import type { JsonRecord } from "../../core/json.ts";

/** What a server may not take of the way we ask. Giving it up changes nothing of what the client asked for. */
export type Concession = "whole" | "no-usage-option" | "max-tokens" | "max-completion-tokens" | "no-effort";

/** What was found out about the servers, by what tells alike requests from others. */
export interface Concessions {
  of(key: string): ReadonlySet<Concession>;
  keep(key: string, concessions: ReadonlySet<Concession>): void;
}

/** What a server takes of a hint is its own to find out, and nothing for requests that insist. */
export function concessionKey({ model, reasoning }: Pick<GenerationRequest, "model" | "reasoning">): string {
  return reasoning?.isHint === true ? `${model}\n${reasoning.effort}` : model;
}

const maxKeys = 1_000;

export function createConcessions(): Concessions {
  const known = new Map<string, ReadonlySet<Concession>>();
  return {
    of: (key) => known.get(key) ?? none,
    keep(key, concessions) {
      if (concessions.size === 0) return;
      if (known.size >= maxKeys && !known.has(key)) known.clear();
      known.set(key, concessions);
    },
  };
}

const none: ReadonlySet<Concession> = new Set();

/** `body` as a server takes it that wants these concessions. */
export function concede(body: JsonRecord, concessions: ReadonlySet<Concession>): JsonRecord {
  let changed = body;
  for (const concession of concessions) changed = changes[concession](changed);
  return changed;
}

/** What to give up after `refusal` of `body`, besides what was given up `before`; undefined where nothing would help. */
export function concessionFor(
  refusal: unknown,
  body: JsonRecord,
  { before, isEffortHint }: { before: ReadonlySet<Concession>; isEffortHint: boolean },
): Concession | undefined {
  if (!(refusal instanceof ServeError) || refusal.kind !== "invalid_request") return undefined;
  const { message, param } = refusal;
  const names = (field: string) => param === field || new RegExp(`\\b${field}\\b`).test(message);
  if ("stream_options" in body && names("stream_options")) return "no-usage-option";
  if (body["stream"] === true && (param === "stream" || streamRefused.test(message))) return "whole";
  if (
    isEffortHint &&
    "reasoning_effort" in body &&
    (param === "reasoning_effort" || effortRefused.test(message))
  ) {
    return "no-effort";
  }
  // One name of the limit after the other, but not the first again.
  if (before.has("max-tokens") || before.has("max-completion-tokens")) return undefined;
  if ("max_tokens" in body && names("max_tokens") && message.includes("max_completion_tokens")) {
    return "max-completion-tokens";
  }
  return "max_completion_tokens" in body && names("max_completion_tokens") ? "max-tokens" : undefined;
}

const streamRefused =
  /\bstream(?:ing|ed)?\b[^.]{0,60}\bnot (?:supported|available|allowed)|(?:unsupported|not support|verified to)[^.]{0,40}\bstream/i;

const effortRefused = /reasoning|thinking|\bthink\b|effort/i;

const changes: Readonly<Record<Concession, (body: JsonRecord) => JsonRecord>> = {
  whole: ({ stream: _stream, stream_options: _options, ...body }) => body,
  "no-usage-option": ({ stream_options: _options, ...body }) => body,
  "no-effort": ({ reasoning_effort: _effort, ...body }) => body,
  "max-tokens": (body) => renamed(body, "max_completion_tokens", "max_tokens"),
  "max-completion-tokens": (body) => renamed(body, "max_tokens", "max_completion_tokens"),
};

function renamed(body: JsonRecord, from: string, to: string): JsonRecord {
  if (!(from in body)) return body;
  const { [from]: value, ...rest } = body;
  return { ...rest, [to]: value };
}
