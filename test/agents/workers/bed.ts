import { join } from "node:path";
import type {
  AgentContext,
  AgentGenerateOptions,
  AgentGeneration,
  AgentGenerationResult,
  AgentPiece,
} from "../../../src/agents/kit/agent.ts";
import {
  type AgentWorkers,
  type AgentWorkersOptions,
  createAgentWorkers,
} from "../../../src/agents/workers/create-agent-workers.ts";
import type { Log, LogFields } from "../../../src/core/log.ts";
import { createContext } from "../load/context.ts";
import { createFolder, type Folder } from "../load/folder.ts";

export const command: readonly string[] = [process.execPath, join(import.meta.dir, "child.ts")];

const head = 'import { defineAgent, reply, tool, Type } from "oai-serve";\n';

/** Worker processes with agents of a folder of their own. */
export interface Bed {
  readonly folder: Folder;
  readonly workers: AgentWorkers;
  readonly log: WaitingLog;
  /** What the agent of that id says to a request. */
  readonly ask: (id: string, given?: Partial<AgentContext>) => Promise<AsyncIterable<AgentPiece>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An agent for each source of a function, by name. */
export async function startBed(
  runs: Readonly<Record<string, string>>,
  options: Partial<AgentWorkersOptions> = {},
): Promise<Bed> {
  const agents = Object.entries(runs).map(
    ([name, run]) => `export const ${name} = defineAgent({ name: "${name}", run: ${run} });`,
  );
  const folder = await createFolder({ "agents.ts": head + agents.join("\n") });
  const log = createWaitingLog();
  const workers = await createAgentWorkers({
    count: 1,
    files: [folder.path],
    command,
    log,
    hangMs: 300,
    ...options,
  });
  return {
    folder,
    workers,
    log,
    async ask(id, given) {
      const loaded = workers.agents.find((candidate) => candidate.id === id);
      const answer = await loaded?.agent.run(createContext(given));
      if (typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer) return answer;
      throw new Error("It gave no stream.");
    },
    async [Symbol.asyncDispose]() {
      await workers.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export async function piecesOf(source: Promise<AsyncIterable<AgentPiece>>): Promise<AgentPiece[]> {
  const pieces: AgentPiece[] = [];
  for await (const piece of await source) pieces.push(piece);
  return pieces.flat();
}

export async function textOf(source: Promise<AsyncIterable<AgentPiece>>): Promise<string> {
  return (await piecesOf(source)).map(String).join("");
}

export interface WaitingLog extends Log {
  readonly lines: readonly { text: string; fields: LogFields | undefined }[];
  /** Resolves once there is a line that has `part`. */
  until(part: string): Promise<void>;
}

function createWaitingLog(): WaitingLog {
  const lines: { text: string; fields: LogFields | undefined }[] = [];
  const waiting = new Set<() => void>();
  const write = (text: string, fields?: LogFields) => {
    lines.push({ text, fields });
    for (const wake of waiting) wake();
  };
  const log: WaitingLog = {
    lines,
    async until(part) {
      while (!lines.some(({ text }) => text.includes(part))) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
      }
    },
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => log,
  };
  return log;
}

export interface Model {
  readonly asked: readonly AgentGenerateOptions[];
  readonly generate: (options: AgentGenerateOptions) => AgentGeneration;
}

export interface ModelAnswer {
  text?: string;
  events?: readonly string[];
  failure?: Error;
  /** Done before it answers. */
  before?: (options: AgentGenerateOptions) => Promise<void>;
}

/** A model that always answers that, and knows what it was asked. */
export function createModel({ text = "", events = [], failure, before }: ModelAnswer): Model {
  const asked: AgentGenerateOptions[] = [];
  const whole: AgentGenerationResult = {
    text,
    reasoning: "",
    refusal: "",
    toolCalls: [],
    finishReason: "stop",
    usage: { promptTokens: 1, completionTokens: 2 },
    iterations: 1,
    messages: [],
  };
  return {
    asked,
    generate(options) {
      asked.push(options);
      const result = async () => {
        await before?.(options);
        if (failure !== undefined) throw failure;
        return whole;
      };
      return {
        result,
        text: async () => (await result()).text,
        async *[Symbol.asyncIterator]() {
          await result();
          for (const event of events) yield [{ type: "text", text: event }];
        },
      };
    },
  };
}
