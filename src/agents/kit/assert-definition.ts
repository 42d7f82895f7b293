import { isRecord } from "../../core/json.ts";
import type { AgentParams } from "./agent.ts";
import { isGraph } from "./graph.ts";
import { asAgentName, asFields, asToolName, describe } from "./names.ts";
import type { AgentTool } from "./tool.ts";

type Check = (value: unknown, what: string) => void;

/** Throws an `Error` that says what is wrong with the definition of an agent and what would be right. */
export function assertDefinition(definition: unknown): void {
  if (!isRecord(definition)) {
    throw new Error(`The definition of an agent has to be an object, not ${describe(definition)}.`);
  }
  const name = asAgentName(definition["name"]);
  const hasRun = "run" in definition;
  if (!hasRun && definition["model"] === undefined) {
    throw new Error(`The agent '${name}' needs 'run', a function or a graph, or 'model', the id of a model.`);
  }
  const checks = hasRun ? runChecks : modelChecks;
  asFields(definition, Object.keys(checks), `The agent '${name}'${hasRun ? ", which has 'run'," : ""}`);
  for (const [field, check] of Object.entries(checks)) {
    if (field in definition) check(definition[field], `'${field}' of the agent '${name}'`);
  }
  const { agents } = definition;
  if (Array.isArray(agents) && agents.includes(name)) {
    throw new Error(`The agent '${name}' cannot hand work to itself.`);
  }
}

/** The name under which a definition lists a tool. */
export function nameOf(tool: AgentTool | string): string {
  return typeof tool === "string" ? tool : tool.name;
}

const text: Check = (value, what) => {
  if (value !== undefined && typeof value !== "string") {
    throw new Error(`${what} has to be a text, not ${describe(value)}.`);
  }
};

const truth: Check = (value, what) => {
  if (value !== undefined && typeof value !== "boolean") {
    throw new Error(`${what} has to be true or false, not ${describe(value)}.`);
  }
};

const number: Check = (value, what) => {
  if (value !== undefined && !Number.isFinite(value)) {
    throw new Error(`${what} has to be a number, not ${describe(value)}.`);
  }
};

const count: Check = (value, what) => {
  if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) > 0)) {
    throw new Error(`${what} has to be a whole number above 0, not ${describe(value)}.`);
  }
};

const record: Check = (value, what) => {
  if (value !== undefined && !isRecord(value)) {
    throw new Error(`${what} has to be an object, not ${describe(value)}.`);
  }
};

const runnable: Check = (value, what) => {
  if (typeof value !== "function" && !isGraph(value)) {
    throw new Error(`${what} has to be a function or a graph, not ${describe(value)}.`);
  }
};

const model: Check = (value, what) => void (value === undefined || asAgentName(value, what));

const tools: Check = (value, what) => {
  const names = new Set<string>();
  for (const [index, tool] of list(value, what).entries()) {
    const name: unknown =
      isRecord(tool) && typeof tool["execute"] === "function" ? asToolName(tool["name"]) : tool;
    if (typeof name !== "string" || name === "") {
      throw new Error(
        `${what} has to hold tools made by \`tool\` and names of tools; number ${index + 1} is ${describe(tool)}.`,
      );
    }
    if (names.has(name)) throw new Error(`${what} names '${name}' twice.`);
    names.add(name);
  }
};

const agents: Check = (value, what) => {
  const names = list(value, what).map((name) => asAgentName(name, `A name in ${what}`));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${what} names '${twice}' twice.`);
};

const stop: Check = (value, what) => {
  if (value !== undefined && !list(value, what).every((each) => typeof each === "string")) {
    throw new Error(`${what} has to hold texts.`);
  }
};

const paramChecks = {
  temperature: number,
  topP: number,
  topK: number,
  maxTokens: count,
  seed: number,
  frequencyPenalty: number,
  presencePenalty: number,
  logitBias: record,
  stop,
  reasoningEffort: text,
  extra: record,
} satisfies Record<keyof AgentParams, Check>;

const params: Check = (value, what) => {
  if (value === undefined) return;
  const given = asFields(value, Object.keys(paramChecks), what);
  for (const [field, check] of Object.entries(paramChecks)) check(given[field], `'${field}' in ${what}`);
};

const runChecks: Readonly<Record<string, Check>> = { name: text, description: text, run: runnable, model };

const modelChecks: Readonly<Record<string, Check>> = {
  name: text,
  description: text,
  model,
  system: text,
  tools,
  params,
  maxIterations: count,
  agents,
  parallel: truth,
  includeClientTools: truth,
};

function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new Error(`${what} has to be an array, not ${describe(value)}.`);
}
