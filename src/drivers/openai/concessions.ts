import { ServeError } from "../../core/error.ts";
import type { JsonRecord } from "../../core/json.ts";

/** What a server may not take of the way we ask. Giving it up changes nothing of what the client asked for. */
export type Concession = "whole" | "no-usage-option" | "max-tokens" | "max-completion-tokens";

/** What was found out about the server of each model. */
export interface Concessions {
  of(model: string): ReadonlySet<Concession>;
  keep(model: string, concessions: ReadonlySet<Concession>): void;
}

const maxModels = 1_000;

export function createConcessions(): Concessions {
  const known = new Map<string, ReadonlySet<Concession>>();
  return {
    of: (model) => known.get(model) ?? none,
    keep(model, concessions) {
      if (concessions.size === 0) return;
      if (known.size >= maxModels && !known.has(model)) known.clear();
      known.set(model, concessions);
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
  before: ReadonlySet<Concession>,
): Concession | undefined {
  if (!(refusal instanceof ServeError) || refusal.kind !== "invalid_request") return undefined;
  const { message, param } = refusal;
  const names = (field: string) => param === field || new RegExp(`\\b${field}\\b`).test(message);
  if ("stream_options" in body && names("stream_options")) return "no-usage-option";
  if (body["stream"] === true && (param === "stream" || streamRefused.test(message))) return "whole";
  // One name of the limit after the other, but not the first again.
  if (before.has("max-tokens") || before.has("max-completion-tokens")) return undefined;
  if ("max_tokens" in body && names("max_tokens") && message.includes("max_completion_tokens")) {
    return "max-completion-tokens";
  }
  return "max_completion_tokens" in body && names("max_completion_tokens") ? "max-tokens" : undefined;
}

const streamRefused =
  /\bstream(?:ing|ed)?\b[^.]{0,60}\bnot (?:supported|available|allowed)|(?:unsupported|not support|verified to)[^.]{0,40}\bstream/i;

const changes: Readonly<Record<Concession, (body: JsonRecord) => JsonRecord>> = {
  whole: ({ stream: _stream, stream_options: _options, ...body }) => body,
  "no-usage-option": ({ stream_options: _options, ...body }) => body,
  "max-tokens": (body) => renamed(body, "max_completion_tokens", "max_tokens"),
  "max-completion-tokens": (body) => renamed(body, "max_tokens", "max_completion_tokens"),
};

function renamed(body: JsonRecord, from: string, to: string): JsonRecord {
  if (!(from in body)) return body;
  const { [from]: value, ...rest } = body;
  return { ...rest, [to]: value };
}
