import { endOfPart } from "../../core/code-points.ts";
import type { CallContext, ToolCall } from "../../core/generation.ts";
import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { AgentEnvironment } from "../run/environment.ts";
import { isFatal } from "./failures.ts";
import type { ServerTool } from "./server-tool.ts";
import { inTime } from "./in-time.ts";

/** What became of a call of a tool that runs here. */
export interface CallResult {
  ok: boolean;
  /** For the model: the tool's result, or what went wrong. */
  text: string;
}

export interface CallDeps {
  /** Id of the agent. */
  agent: string;
  /** By name. */
  tools: ReadonlyMap<string, ServerTool>;
  environment: AgentEnvironment;
  /** Its signal ends the call. */
  context: CallContext;
  conversationId: string | undefined;
}

/**
 * Runs one call. Whatever is wrong with the call or fails in the tool is a result, so that the model can do better.
 * Rejects with the reason of `context.signal`, and with what ends all agents of the request.
 */
export async function runCall(call: ToolCall, deps: CallDeps): Promise<CallResult> {
  const { tools, environment, context } = deps;
  const tool = tools.get(call.name);
  if (tool === undefined) return failed(unknownTool(tools));
  try {
    const args = await readArguments(call, tool, { schemas: environment.schemas, signal: context.signal });
    if (!args.ok) return failed(args.problem);
    const result = await execute(call, tool, args.value, deps);
    return { ok: true, text: shorten(toText(result), environment.limits.maxToolResultChars) };
  } catch (error) {
    context.signal.throwIfAborted();
    if (isFatal(error)) throw error;
    return failed(messageOf(error));
  }
}

function unknownTool(tools: ReadonlyMap<string, ServerTool>): string {
  const names = [...tools.keys()];
  const listed = names.length === 0 ? "There are none." : `There are: ${names.join(", ")}.`;
  return `There is no tool of that name. ${listed}`;
}

type Arguments = { ok: true; value: unknown } | { ok: false; problem: string };

async function readArguments(
  { name, arguments: written }: ToolCall,
  { definition: { parameters } }: ServerTool,
  { schemas, signal }: { schemas: SchemaChecker; signal: AbortSignal },
): Promise<Arguments> {
  // Models write nothing where there are no arguments.
  const text = written.trim() === "" ? "{}" : written;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: `The arguments of ${name} are not valid JSON.` };
  }
  if (parameters === undefined) return { ok: true, value };
  const checked = await schemas.check(parameters, text, { search: false, signal });
  if (checked.ok) return { ok: true, value };
  const where = checked.path === "" ? "they" : `'${checked.path}'`;
  return { ok: false, problem: `The arguments of ${name} are not valid: ${where} ${checked.message}.` };
}

async function execute(
  { id, name }: ToolCall,
  tool: ServerTool,
  args: unknown,
  { agent, environment, context, conversationId }: CallDeps,
): Promise<unknown> {
  const { timeoutMs } = tool;
  const work = async (signal: AbortSignal) => {
    const toolContext = {
      signal,
      log: context.log,
      callId: id,
      agent,
      conversation: conversationId === undefined ? undefined : { id: conversationId },
    };
    const step = () => tool.execute(args, toolContext);
    return await (environment.loopWatch === undefined ? step() : environment.loopWatch.run(agent, step));
  };
  return await inTime(work, {
    signal: context.signal,
    ...(timeoutMs !== undefined && {
      limit: {
        milliseconds: timeoutMs,
        late: () => new Error(`${name} timed out after ${timeoutMs / 1_000} s.`),
      },
    }),
  });
}

function toText(result: unknown): string {
  if (typeof result === "string") return result;
  if (result === undefined) return "Done.";
  const text: unknown = JSON.stringify(result);
  if (typeof text !== "string") throw new Error("The tool gave a result that is no JSON.");
  return text;
}

function shorten(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const end = endOfPart(text, 0, maxCharacters);
  return `${text.slice(0, end)}\n[The first ${end} of ${text.length} characters; the rest was cut.]`;
}

/** Longest account of a failure that a model is given, in UTF-16 units. */
const maxProblem = 2_000;

function failed(problem: string): CallResult {
  return { ok: false, text: `Error: ${problem.slice(0, endOfPart(problem, 0, maxProblem))}` };
}

/** Without the cause: that is for the log. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof Error && thrown.message !== "") return thrown.message;
  return typeof thrown === "string" && thrown !== "" ? thrown : "The tool failed.";
}
