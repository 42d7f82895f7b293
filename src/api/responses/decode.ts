import { ServeError } from "../../core/error.ts";
import type { GenerationRequest, Message, OutputFormat } from "../../core/generation.ts";
import type { JsonRecord } from "../../core/json.ts";
import { assertSchemas } from "../../json-schema/assert-schemas.ts";
import { emptyList, tooManyItems } from "../common/decode-tokens.ts";
import { assertReadable } from "../common/items/assert-readable.ts";
import { hostedTypes } from "../common/items/kinds.ts";
import { toMessages } from "../common/items/to-messages.ts";
import { decodeSampling, extraFields, given, noteFields } from "../common/sampling.ts";
import { decodeToolChoice, decodeTools, type DecodedTools } from "./decode-tools.ts";
import { type InputTokensRequest, ResponseRequest, type TextFormat } from "./schema.ts";

/** A request in our words, but for what comes from the store. */
export interface DecodedRequest {
  /** Its prompt has to be made yet. */
  generation: Omit<GenerationRequest, "prompt">;
  /** Stand before everything else. */
  instructions: readonly Message[];
  /** As given; a text is a message of the user. */
  input: readonly JsonRecord[];
  tools: DecodedTools;
  /** What was given and has no effect, whatever the backend. */
  ignored: readonly string[];
}

/** Of chat: a backend that speaks it would take them for its own. */
const chatFields: ReadonlySet<string> = new Set([
  "audio",
  "function_call",
  "functions",
  "logprobs",
  "max_completion_tokens",
  "max_tokens",
  "messages",
  "modalities",
  "n",
  "prediction",
  "reasoning_effort",
  "response_format",
  "verbosity",
  "web_search_options",
]);

/** Named in a header. */
const maxIgnored = 32;

/** All but what is for agents, which are given what this surface does not read. */
const readFields: ReadonlySet<string> = new Set(
  Object.keys(ResponseRequest.properties).filter((name) => name !== "include_steps"),
);

/** Throws `invalid_request` for what the schema cannot say. */
export function decode(body: ResponseRequest): DecodedRequest {
  if (body.prompt != null) {
    throw new ServeError("invalid_request", "'prompt' is not supported: no prompts are kept here.", {
      code: "unsupported_parameter",
      param: "prompt",
    });
  }
  if (body.background === true && body.store === false) {
    throw new ServeError(
      "invalid_request",
      "A response in the background has to be kept: 'store' must not be false.",
      {
        code: "invalid_value",
        param: "store",
      },
    );
  }
  const prompt = decodePrompt(body);
  const extra = extraFields(body, readFields);
  const misplaced = Object.keys(extra).filter((name) => chatFields.has(name));
  for (const name of misplaced) delete extra[name];
  const hasLogprobs = body.include?.includes("message.output_text.logprobs") === true;
  return {
    ...prompt,
    generation: {
      ...prompt.generation,
      sampling: decodeSampling(body, body.max_output_tokens),
      ...(hasLogprobs && { logprobs: { top: body.top_logprobs ?? 0 } }),
      stream: body.stream === true || body.background === true,
      extra: { ...extra, ...given("verbosity", body.text?.verbosity) },
      ...noteFields(body),
    },
    ignored: [...prompt.ignored, ...misplaced],
  };
}

/** What makes up the prompt. Throws as `decode` does. */
export function decodePrompt(body: InputTokensRequest): DecodedRequest {
  refuseContradictions(body);
  const tools = decodeTools(body.tools ?? []);
  assertSchemas([...tools.schemas, ...formatSchemas(body)]);
  const input = decodeInput(body);
  return {
    generation: {
      model: body.model ?? "",
      sampling: {},
      choices: 1,
      tools: tools.tools,
      toolChoice: decodeToolChoice(body.tool_choice, tools),
      parallelToolCalls: body.parallel_tool_calls ?? true,
      output: decodeOutput(body.text?.format),
      ...(body.reasoning?.effort == null ? {} : { reasoning: { effort: body.reasoning.effort } }),
      ...(body.truncation === "auto" && { truncate: true }),
      stream: false,
      extra: {},
    },
    instructions: decodeInstructions(body.instructions),
    input,
    tools,
    ignored: [
      ...[...tools.dropped].map((type) => `tools.${type}`),
      ...[...hostedTypes(input)].map((type) => `input.${type}`),
    ].slice(0, maxIgnored),
  };
}

/** Throws `invalid_request` for more items than one request may hold, before any of them is looked at. */
export function refuseTooMany(body: JsonRecord, maxItems: number): void {
  for (const field of ["input", "instructions"]) {
    const items = body[field];
    if (Array.isArray(items) && items.length > maxItems) throw tooManyItems(field, maxItems);
  }
}

function refuseContradictions(body: InputTokensRequest): void {
  const { input, previous_response_id: previous, conversation } = body;
  const isChained = previous != null || conversation != null;
  if (previous != null && conversation != null) {
    throw new ServeError("invalid_request", "'previous_response_id' and 'conversation' exclude each other.", {
      code: "invalid_value",
      param: "previous_response_id",
    });
  }
  if (isChained) return;
  if (input == null) {
    throw new ServeError("invalid_request", "'input' is required, but it is missing.", {
      code: "missing_required_parameter",
      param: "input",
    });
  }
  if (input.length === 0 && typeof input !== "string") throw emptyList("input");
}

/** Throws `invalid_request` for parts that no model would be shown. */
export function decodeInput({ input }: Pick<InputTokensRequest, "input">): readonly JsonRecord[] {
  if (input == null) return [];
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  assertReadable(input, "input");
  return input;
}

/** As `decodeInput`; a text is what the system says. */
export function decodeInstructions(instructions: InputTokensRequest["instructions"]): readonly Message[] {
  if (instructions == null) return [];
  if (typeof instructions === "string") {
    return [{ role: "system", content: [{ type: "text", text: instructions }] }];
  }
  assertReadable(instructions, "instructions");
  return toMessages(instructions);
}

function formatSchemas({ text }: InputTokensRequest) {
  if (text?.format?.type !== "json_schema") return [];
  const { schema, strict } = text.format;
  return [{ schema, param: "text.format.schema", isStrict: strict === true, isChecked: true }];
}

function decodeOutput(format: TextFormat | null | undefined): OutputFormat {
  if (format == null || format.type === "text") return { kind: "text" };
  if (format.type === "json_object") return { kind: "json" };
  const { name, schema, strict } = format;
  return { kind: "json-schema", name, schema, strict: strict ?? false };
}
