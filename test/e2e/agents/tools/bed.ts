import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { nodeGenerations } from "../../../support/clients/node.ts";
import { user } from "../../../support/openai-wire.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamBody,
  type UpstreamScript,
} from "../../../support/upstream/upstream.ts";
import { type Program, startProgram } from "../program.ts";
import { lastText, messagesOf } from "../upstream-body.ts";

/** What the scripted model calls; `arguments` that are a text are sent as they are. */
export interface ScriptedCall {
  name: string;
  arguments?: unknown;
}

/** A question at which the scripted model makes these calls in one turn. */
export function callsIn(calls: readonly ScriptedCall[]): string {
  return `Call ${JSON.stringify(calls)}`;
}

/** One at which it makes them again and again, and never answers. */
export function endlessCallsIn(calls: readonly ScriptedCall[]): string {
  return `Go on ${JSON.stringify(calls)}`;
}

/** Answers with the results of its calls as a JSON array, in their order. */
const script: UpstreamScript = (body) => {
  const [, again, calls] = /^(Call|Go on) (.*)$/s.exec(lastText(body, "user")) ?? [];
  const results = resultsOf(body);
  if (calls === undefined) return { text: "Hello" };
  if (results.length > 0 && again === "Call") return { text: JSON.stringify(results) };
  const wanted: ScriptedCall[] = JSON.parse(calls);
  return { toolCalls: wanted.map(({ name, arguments: given }) => ({ name, arguments: given ?? {} })) };
};

/** Results of calls since the user's last message, as the model was told of them. */
export function resultsOf(body: UpstreamBody): string[] {
  const messages = messagesOf(body);
  const asked = messages.findLastIndex(({ role }) => role === "user");
  return messages
    .slice(asked + 1)
    .filter(({ role }) => role === "tool")
    .map(({ content }) => content);
}

export interface ToolBedOptions {
  /** Of the configuration, as JSON, which is YAML. */
  config: Readonly<Record<string, unknown>>;
  /** Beside the configuration, by path; a text that starts with `#!` may be run. */
  files?: Readonly<Record<string, string>>;
  /** More of the command line. */
  args?: string;
  environment?: Readonly<Record<string, string>>;
}

export interface ToolBed {
  /** Base of the OpenAI routes. */
  url: string;
  upstream: Upstream;
  program: Program;
  /** Where the configuration is, which is not the working directory. */
  folder: string;
  /** What the model is told of these calls, by the agent `agent`, through openai-node 7. */
  ask(...calls: readonly ScriptedCall[]): Promise<string[]>;
  /** Everything in the log so far. */
  log(): string;
  stop(): Promise<void>;
}

/** The executable with a configuration whose agents have a scripted model, `gpt-4o-mini`. */
export async function startToolBed(options: ToolBedOptions): Promise<ToolBed> {
  const upstream = await startUpstream(script);
  const folder = mkdtempSync(join(tmpdir(), "oai-serve-tools-"));
  const path = join(folder, "oai-serve.yaml");
  for (const [name, content] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
    if (content.startsWith("#!")) chmodSync(join(folder, name), 0o755);
  }
  writeFileSync(path, JSON.stringify(options.config));
  const program = await startProgram(`oai-serve --config ${path} --port 0 ${options.args ?? ""}`, {
    environment: { OPENAI_API_KEY: "unused", OPENAI_BASE_URL: upstream.url, ...options.environment },
  });
  const url = `${program.url}/v1`;
  return {
    url,
    upstream,
    program,
    folder,
    async ask(...calls) {
      const answer = await node7()
        .connect(url)
        .chat.completions.create({ model: "agent", ...user(callsIn(calls)) });
      return JSON.parse(answer.choices[0]?.message.content ?? "");
    },
    log: () => program.output().join("\n"),
    async stop() {
      await program.stop();
      await upstream.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The newer of the two generations. */
export function node7() {
  const generation = nodeGenerations.at(-1);
  if (generation === undefined) throw new Error("There is no openai-node.");
  return generation;
}
