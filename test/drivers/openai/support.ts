import { openaiDriver } from "../../../src/drivers/openai/driver.ts";
import type { OpenaiConfig } from "../../../src/drivers/openai/config.ts";
import type { Backend, GenerationEvent, GenerationRequest } from "../../../src/core/generation.ts";
import {
  callContext,
  type MemoryLog,
  memoryLog,
  type Outcome,
  run,
  textRequest,
} from "../../support/calls.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamOptions,
  type UpstreamScript,
} from "../../support/upstream/upstream.ts";

export interface Bed {
  upstream: Upstream;
  backend: Backend;
  log: MemoryLog;
  ask(request?: Partial<GenerationRequest>): Promise<Outcome>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface BedOptions {
  config?: Partial<OpenaiConfig>;
  variables?: Readonly<Record<string, string>>;
  upstream?: UpstreamOptions;
}

/** An upstream with that script, and the driver before it. */
export async function startBed(script: UpstreamScript, options: BedOptions = {}): Promise<Bed> {
  const upstream = await startUpstream(script, options.upstream);
  const log = memoryLog();
  const backend = openaiDriver.create(
    { kind: "openai", base_url: upstream.url, ...options.config },
    { id: "test", log, connectTimeoutMs: 2_000, variable: (name) => options.variables?.[name] },
  );
  return {
    upstream,
    backend,
    log,
    ask: (request = {}) =>
      run(backend.generate(textRequest({ model: "m", ...request }), callContext(undefined, log))),
    async [Symbol.asyncDispose]() {
      await backend.close();
      await upstream.close();
    },
  };
}

/** One chunk of choice 0. */
export function delta(fields: unknown, finish: string | null = null): object {
  return { choices: [{ index: 0, delta: fields, finish_reason: finish }] };
}

/** Events in short: texts, calls and ends of choice 0 as strings. */
export function inShort(events: readonly GenerationEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case "text-delta":
        return `text ${event.text}`;
      case "reasoning-delta":
        return `reasoning ${event.text}`;
      case "refusal-delta":
        return `refusal ${event.text}`;
      case "tool-call-start":
        return `start ${event.index} ${event.id.startsWith("call_") && event.id.length === 29 ? "NEW" : event.id} ${event.name}${event.kind === "custom" ? " custom" : ""}`;
      case "tool-call-delta":
        return `args ${event.index} ${event.arguments}`;
      case "finish":
        return `finish ${event.reason}`;
      case "usage":
        return `usage ${event.usage.promptTokens}+${event.usage.completionTokens}`;
      case "metadata":
        return "metadata";
    }
  });
}
