import { createAgentGenerate } from "../../../src/agents/loop/generate.ts";
import { createRunRecord, type RunRecord } from "../../../src/agents/loop/record.ts";
import type { AgentEvent, AgentGenerate } from "../../../src/agents/kit/agent.ts";
import type { AgentTool } from "../../../src/agents/kit/tool.ts";
import type { AgentEnvironment, AgentLimits } from "../../../src/agents/run/environment.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { Generate } from "../../../src/core/generate.ts";
import type { CallContext, GenerationRequest, Message } from "../../../src/core/generation.ts";
import { createSchemaChecker } from "../../../src/json-schema/checker.ts";
import { callContext, type MemoryLog, memoryLog, textRequest } from "../calls.ts";
import { callDelta, callStart, finish, text, usage } from "../events.ts";
import { scripted, type ScriptedBackend, type Step } from "../scripted.ts";

export type ModelScript = (request: GenerationRequest, call: number, context: CallContext) => readonly Step[];

export interface BedOptions {
  tools?: readonly AgentTool[];
  agents?: Readonly<Record<string, string>>;
  limits?: Partial<AgentLimits>;
  logContent?: AgentEnvironment["logContent"];
  request?: Partial<GenerationRequest>;
  context?: Partial<CallContext>;
  /** Instead of the scripted model. */
  generate?: Generate;
}

export interface LoopBed {
  generate: AgentGenerate;
  /** `generate` of the same agent for another request. */
  open: (request?: Partial<GenerationRequest>) => AgentGenerate;
  model: ScriptedBackend;
  record: RunRecord;
  log: MemoryLog;
  environment: AgentEnvironment;
}

const schemas = createSchemaChecker(memoryLog());

export const standardLimits: AgentLimits = {
  maxIterations: 10,
  maxModelCalls: 100,
  maxToolCalls: 100,
  maxDepth: 8,
  maxParallelTools: 8,
  toolTimeoutMs: 5_000,
  maxToolResultChars: 10_000,
};

/** `context.generate` of an agent whose models play `script`, without a dispatch between them. */
export function loopBed(
  script: ModelScript | readonly (readonly Step[])[],
  options: BedOptions = {},
): LoopBed {
  const contexts: CallContext[] = [];
  const model = scripted((request, call) => {
    if (typeof script === "function") return script(request, call, contexts[call] ?? callContext());
    return script[call] ?? [new Error(`Nothing is scripted for question ${call + 1}.`)];
  });
  const ask: Generate = async ([request], context) => {
    if (request === undefined) throw new Error("No request.");
    contexts.push(context);
    if (environment.agents?.get(request.model) !== undefined) context.onAgent?.(request.model);
    return {
      model: request.model,
      ignored: [],
      assumed: [],
      requests: [request],
      promptTokens: async () => 1,
      events: model.generate(request, context),
    };
  };
  const environment: AgentEnvironment = {
    generate: options.generate ?? ask,
    schemas,
    tools: tableOf(options.tools ?? []),
    agents: new Map(Object.entries(options.agents ?? {}).map(([id, description]) => [id, { description }])),
    limits: { ...standardLimits, ...options.limits },
    logContent: options.logContent ?? "preview",
  };
  const log = memoryLog();
  const record = createRunRecord();
  const open = (request: Partial<GenerationRequest> = {}) =>
    createAgentGenerate({
      id: "helper",
      agent: { model: "small" },
      request: textRequest(request),
      context: { ...callContext(), log, ...options.context },
      environment,
      record,
    });
  return { generate: open(options.request), open, model, record, log, environment };
}

function tableOf(tools: readonly AgentTool[]): AgentEnvironment["tools"] {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    names: [...byName.keys()],
    has: (name) => byName.has(name),
    async resolve(name) {
      const tool = byName.get(name);
      if (tool === undefined) throw new ServeError("internal", `There is no tool '${name}'.`);
      return [tool];
    },
    close: async () => {},
  };
}

/** One batch of a whole answer. */
export function says(value: string, tokens = 1): Step[] {
  return [[text(value)], [finish()], [usage(10, tokens)]];
}

/** A turn that calls tools, each with its arguments. */
export function calls(...called: readonly (readonly [name: string, args: unknown])[]): Step[] {
  const events = called.flatMap(([name, args], index) => [
    callStart(index, name),
    callDelta(index, typeof args === "string" ? args : JSON.stringify(args)),
  ]);
  return [events, [finish("tool-calls")], [usage(10, 1)]];
}

/** Messages of a request as `role: text`, with the calls and what they answer. */
export function shown(request: GenerationRequest | undefined): string[] {
  if (request?.prompt.kind !== "messages") return [];
  return request.prompt.messages.map(showMessage);
}

function showMessage({ role, content, toolCalls = [], toolCallId }: Message): string {
  const words = content.map((part) => ("text" in part ? part.text : part.type)).join("");
  const called = toolCalls.map((call) => ` ${call.name}(${call.arguments})`).join("");
  return `${role}${toolCallId === undefined ? "" : " result"}: ${words}${called}`;
}

export async function eventsOf(pieces: AsyncIterable<readonly AgentEvent[]>): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const batch of pieces) events.push(...batch);
  return events;
}
