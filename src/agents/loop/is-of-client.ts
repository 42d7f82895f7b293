import type { GenerationRequest } from "../../core/generation.ts";
import type { Offer } from "./offer.ts";

type Params = Pick<GenerationRequest, "sampling" | "reasoning" | "output" | "extra">;

/** What an agent asks a model with, as far as a model may refuse it. */
export interface Question {
  request: Params;
  offer: Pick<Offer, "tools" | "client">;
}

/**
 * Whether a field of an agent's question that its model refuses is as it came with the agent's own request, `given`.
 * `param` is its path in a body of the OpenAI API, such as `tools[0].function.name`.
 */
export function isOfClient(param: string, { request, offer }: Question, given: GenerationRequest): boolean {
  const [root = "", place = ""] = param.split(/\W+/);
  switch (root) {
    case "tools": {
      const tool = /^\d+$/.test(place) ? offer.tools[Number(place)] : undefined;
      return tool === undefined ? offer.client.size > 0 : offer.client.has(tool.name);
    }
    case "tool_choice":
      return given.toolChoice.mode !== "auto";
    case "parallel_tool_calls":
      return !given.parallelToolCalls;
    case "response_format":
      return given.output.kind !== "text" && Bun.deepEquals(given.output, request.output);
  }
  const read = readers.get(root) ?? (({ extra }: Params) => extra[root]);
  const value = read(given) ?? given.notes?.[root];
  return value !== undefined && Bun.deepEquals(value, read(request) ?? given.notes?.[root]);
}

const readers = new Map<string, (params: Params) => unknown>([
  ["temperature", ({ sampling }) => sampling.temperature],
  ["top_p", ({ sampling }) => sampling.topP],
  ["top_k", ({ sampling }) => sampling.topK],
  ["seed", ({ sampling }) => sampling.seed],
  ["frequency_penalty", ({ sampling }) => sampling.frequencyPenalty],
  ["presence_penalty", ({ sampling }) => sampling.presencePenalty],
  ["logit_bias", ({ sampling }) => sampling.logitBias],
  ["stop", ({ sampling }) => sampling.stop],
  ["max_tokens", ({ sampling }) => sampling.maxTokens],
  ["max_completion_tokens", ({ sampling }) => sampling.maxTokens],
  ["reasoning", ({ reasoning }) => reasoning?.effort],
  ["reasoning_effort", ({ reasoning }) => reasoning?.effort],
]);
