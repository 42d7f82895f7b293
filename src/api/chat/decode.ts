import { ServeError } from "../../core/error.ts";
import type {
  ContentPart,
  GenerationRequest,
  Message,
  OutputFormat,
  Tool,
  ToolCall,
  ToolChoice,
} from "../../core/generation.ts";
import { assertSchemas, type GivenSchema } from "../../json-schema/assert-schemas.ts";
import { decodeSampling, extraFields, given, noteFields } from "../common/sampling.ts";
import {
  ChatCompletionRequest,
  type ChatMessage,
  type ToolChoiceField,
  type ToolDefinition,
} from "./schema.ts";

/** All but what is for agents, which are given what this surface does not read. */
const readFields: ReadonlySet<string> = new Set(
  Object.keys(ChatCompletionRequest.properties).filter((name) => name !== "include_steps"),
);

/** A chat request in our words. Throws `invalid_request` for what the schema cannot say. */
export function decode(body: ChatCompletionRequest): GenerationRequest {
  refuseContradictions(body);
  assertSchemas(givenSchemas(body));
  const tools = decodeTools(body);
  return {
    model: body.model ?? "",
    prompt: { kind: "messages", messages: body.messages.map(decodeMessage) },
    sampling: decodeSampling(body, body.max_completion_tokens ?? body.max_tokens),
    choices: body.n ?? 1,
    tools,
    toolChoice: decodeToolChoice(body, tools),
    parallelToolCalls: !usesFunctions(body) && (body.parallel_tool_calls ?? true),
    output: decodeOutput(body),
    ...(body.logprobs === true ? { logprobs: { top: body.top_logprobs ?? 0 } } : {}),
    ...(body.reasoning_effort == null ? {} : { reasoning: { effort: body.reasoning_effort } }),
    stream: body.stream ?? false,
    extra: extraFields(body, readFields),
    ...noteFields(body),
  };
}

/** Whether the client speaks the older form, and so expects `function_call` in the answer. */
export function usesFunctions(body: ChatCompletionRequest): boolean {
  return (body.functions?.length ?? 0) > 0 && (body.tools?.length ?? 0) === 0;
}

function refuseContradictions(body: ChatCompletionRequest): void {
  if (body.top_logprobs != null && body.logprobs !== true) {
    throw new ServeError("invalid_request", "'top_logprobs' needs 'logprobs' to be true.", {
      code: "invalid_value",
      param: "top_logprobs",
    });
  }
  if (body.modalities?.includes("audio") === true) {
    throw new ServeError("invalid_request", "Audio answers are not supported.", {
      code: "unsupported_value",
      param: "modalities",
    });
  }
}

/** The JSON Schemas of the request, with where they stand. */
function givenSchemas(body: ChatCompletionRequest): GivenSchema[] {
  const functions = usesFunctions(body)
    ? (body.functions ?? []).map((definition, index) => ({ definition, param: `functions[${index}]` }))
    : (body.tools ?? []).flatMap((tool, index) =>
        tool.type === "custom" ? [] : [{ definition: tool.function, param: `tools[${index}].function` }],
      );
  const schemas: GivenSchema[] = functions.flatMap(({ definition: { parameters, strict }, param }) =>
    parameters == null
      ? []
      : [
          {
            schema: parameters,
            param: `${param}.parameters`,
            isStrict: strict === true,
            isChecked: strict === true,
            isObject: true,
          },
        ],
  );
  const format = body.response_format;
  if (format?.type === "json_schema") {
    const { schema, strict } = format.json_schema;
    schemas.push({
      schema: schema ?? {},
      param: "response_format.json_schema.schema",
      isStrict: strict === true,
      isChecked: true,
    });
  }
  return schemas;
}

function decodeMessage(message: ChatMessage): Message {
  const name = given("name", message.name);
  switch (message.role) {
    case "system":
    case "developer":
    case "user":
      return { role: message.role, content: decodeContent(message.content), ...name };
    case "assistant":
      return {
        role: "assistant",
        content: [
          ...decodeContent(message.content ?? []),
          ...(message.refusal == null ? [] : [{ type: "refusal" as const, text: message.refusal }]),
        ],
        ...name,
        ...given("toolCalls", decodeToolCalls(message)),
      };
    case "tool":
      return {
        role: "tool",
        content: decodeContent(message.content),
        toolCallId: message.tool_call_id,
        ...name,
      };
    case "function":
      // The older form has no ids: the name ties the result to its call.
      return {
        role: "tool",
        content: decodeContent(message.content ?? []),
        toolCallId: message.name,
        name: message.name,
      };
  }
}

type Content = Exclude<ChatMessage["content"], null | undefined>;

function decodeContent(content: Content): ContentPart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content.map(decodePart);
}

function decodePart(part: Exclude<Content, string>[number]): ContentPart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "refusal":
      return { type: "refusal", text: part.refusal };
    case "image_url":
      return { type: "image", url: part.image_url.url, ...given("detail", part.image_url.detail) };
    case "input_audio":
      return { type: "audio", base64: part.input_audio.data, format: part.input_audio.format };
    case "file":
      return {
        type: "file",
        ...given("filename", part.file.filename),
        ...given("base64", part.file.file_data),
        ...given("fileId", part.file.file_id),
      };
  }
}

function decodeToolCalls(message: Extract<ChatMessage, { role: "assistant" }>): ToolCall[] | undefined {
  const calls: ToolCall[] = (message.tool_calls ?? []).map((call) =>
    call.type === "custom"
      ? { id: call.id, kind: "custom", name: call.custom.name, arguments: call.custom.input }
      : { id: call.id, kind: "function", name: call.function.name, arguments: call.function.arguments ?? "" },
  );
  if (message.function_call != null) {
    const { name, arguments: text } = message.function_call;
    calls.push({ id: name, kind: "function", name, arguments: text ?? "" });
  }
  return calls.length === 0 ? undefined : calls;
}

function decodeTools(body: ChatCompletionRequest): Tool[] {
  if (usesFunctions(body)) return (body.functions ?? []).map((definition) => decodeFunction(definition));
  return (body.tools ?? []).map((tool) =>
    tool.type === "custom"
      ? { kind: "custom", name: tool.custom.name, ...given("description", tool.custom.description) }
      : decodeFunction(tool.function),
  );
}

function decodeFunction(definition: Extract<ToolDefinition, { type: "function" }>["function"]): Tool {
  return {
    kind: "function",
    name: definition.name,
    ...given("description", definition.description),
    ...given("parameters", definition.parameters),
    ...given("strict", definition.strict),
  };
}

function decodeToolChoice(body: ChatCompletionRequest, tools: readonly Tool[]): ToolChoice {
  const choice = usesFunctions(body) ? functionCallChoice(body) : toolChoice(body.tool_choice);
  if (tools.length === 0) {
    if (choice === undefined || choice.mode === "none" || choice.mode === "auto") return { mode: "none" };
    throw new ServeError("invalid_request", "'tool_choice' asks for a call, but there are no 'tools'.", {
      code: "invalid_value",
      param: "tool_choice",
    });
  }
  const names = choice?.mode === "named" ? [choice.name] : choice?.mode === "allowed" ? choice.names : [];
  if (names.some((name) => tools.every((tool) => tool.name !== name))) {
    throw new ServeError("invalid_request", "The chosen tool is not among those given.", {
      code: "invalid_value",
      param: usesFunctions(body) ? "function_call" : "tool_choice",
    });
  }
  return choice ?? { mode: "auto" };
}

function functionCallChoice(body: ChatCompletionRequest): ToolChoice | undefined {
  const choice = body.function_call;
  if (choice == null) return undefined;
  return typeof choice === "string" ? { mode: choice } : { mode: "named", name: choice.name };
}

function toolChoice(choice: ToolChoiceField | null | undefined): ToolChoice | undefined {
  if (choice == null) return undefined;
  if (typeof choice === "string") return { mode: choice };
  switch (choice.type) {
    case "function":
      return { mode: "named", name: choice.function.name };
    case "custom":
      return { mode: "named", name: choice.custom.name };
    case "allowed_tools":
      return {
        mode: "allowed",
        required: choice.allowed_tools.mode === "required",
        names: choice.allowed_tools.tools.map((tool) =>
          tool.type === "custom" ? tool.custom.name : tool.function.name,
        ),
      };
  }
}

function decodeOutput(body: ChatCompletionRequest): OutputFormat {
  const format = body.response_format;
  if (format == null || format.type === "text") return { kind: "text" };
  if (format.type === "json_object") return { kind: "json" };
  const { name, schema, strict } = format.json_schema;
  return { kind: "json-schema", name, schema: schema ?? {}, strict: strict ?? false };
}
