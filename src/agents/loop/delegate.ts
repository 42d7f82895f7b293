import { collect } from "../../core/collect.ts";
import { ServeError } from "../../core/error.ts";
import type { CallContext, GenerationRequest, JsonSchema } from "../../core/generation.ts";
import { isRecord } from "../../core/json.ts";
import type { AgentEnvironment } from "../run/environment.ts";
import { toSafeName } from "../tools/safe-name.ts";
import { userMessage } from "./messages.ts";
import type { RunRecord } from "./record.ts";
import { defineFunction, type ServerTool } from "./server-tool.ts";

export interface DelegateDeps {
  environment: AgentEnvironment;
  /** Of the calls that the agent above makes. */
  context: CallContext;
  record: RunRecord;
}

/**
 * A tool with which a model hands a task to the agent of that id, under the name `ask_` and the id, as far as models take
 * that. Its result is the text of the agent's answer.
 */
export function createDelegate(id: string, { environment, context, record }: DelegateDeps): ServerTool {
  const description =
    environment.agents?.get(id)?.description ?? `Hands a task to '${id}' and gives its answer.`;
  return {
    definition: defineFunction(toSafeName(`ask_${id}`), description, parameters),
    delegate: id,
    async execute(args, { signal }) {
      const task = isRecord(args) && typeof args["task"] === "string" ? args["task"] : "";
      const { events } = await environment.generate([taskRequest(id, task)], { ...context, signal }, counted);
      const { choices, usage } = await collect(events);
      record.addUsage(usage);
      const [answer] = choices;
      if (answer !== undefined && answer.refusal !== "") {
        throw new ServeError("upstream", `The agent refused: ${answer.refusal}`);
      }
      return answer?.text ?? "";
    },
  };
}

const counted = { usage: true };

const parameters: JsonSchema = {
  type: "object",
  properties: {
    task: {
      type: "string",
      description: "What is to be done, with all that has to be known for it: nothing else is passed on.",
    },
  },
  required: ["task"],
  additionalProperties: false,
};

function taskRequest(model: string, task: string): GenerationRequest {
  return {
    model,
    prompt: { kind: "messages", messages: [userMessage(task)] },
    sampling: {},
    choices: 1,
    tools: [],
    toolChoice: { mode: "auto" },
    parallelToolCalls: true,
    output: { kind: "text" },
    stream: true,
    extra: {},
  };
}
