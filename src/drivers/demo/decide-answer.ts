import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, JsonSchema } from "../../core/generation.ts";
import type { Answer } from "./answer.ts";
import { decideCalls } from "./calls.ts";
import { describeAsJson, describeAsMarkdown, describeToolResults } from "./describe.ts";
import type { MakeInstance } from "./instances/maker.ts";
import { writeOnce } from "./write-once.ts";

/**
 * The whole answer of the demo model to `request`, the same for the same request but for the ids of calls.
 * Throws `invalid_request` when a JSON Schema in the request has no instance that can be shown.
 */
export async function decideAnswer(request: GenerationRequest, makeInstance: MakeInstance): Promise<Answer> {
  const calls = await decideCalls(request, makeInstance);
  const answer = { text: calls.length > 0 ? "" : await decideText(request, makeInstance), calls };
  if (request.reasoning === undefined || request.reasoning.effort === "none") return answer;
  return { ...answer, reasoning: "I looked at the request and answer with what the demo model has for it." };
}

async function decideText(request: GenerationRequest, makeInstance: MakeInstance): Promise<string> {
  const { prompt, output, suffix } = request;
  if (prompt.kind !== "messages") return suffix === undefined ? continuation : infill;
  switch (output.kind) {
    case "json":
      return writeOnce(request, () => JSON.stringify(describeAsJson(request, prompt.messages)));
    case "json-schema":
      return writeInstance(output.schema, makeInstance);
    case "text":
      return writeOnce(
        request,
        () => describeToolResults(prompt.messages) ?? describeAsMarkdown(request, prompt.messages),
      );
  }
}

// Short enough to end by itself within the 16 tokens that a completion gets when the client gives no limit.
const continuation = " … and here the demo model of oai-serve goes on; it is no real model.";
const infill = " [the demo model of oai-serve fills this gap] ";

async function writeInstance(schema: JsonSchema, makeInstance: MakeInstance): Promise<string> {
  const text = await makeInstance(schema);
  if (text === undefined) {
    throw new ServeError(
      "invalid_request",
      "The demo model cannot make a value that satisfies the JSON Schema.",
      {
        code: "unsupported_value",
        param: "response_format.json_schema.schema",
      },
    );
  }
  return text;
}
