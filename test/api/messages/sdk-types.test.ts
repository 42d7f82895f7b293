import type {
  BetaMessage,
  MessageCreateParams as BetaMessageCreateParams,
} from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type {
  Message,
  MessageCountTokensParams,
  MessageCreateParamsBase,
  MessageDeltaUsage,
  RawMessageDeltaEvent,
  TextBlock,
  ThinkingBlock,
  ToolUseBlock,
  Usage,
} from "@anthropic-ai/sdk/resources/messages";
import type { ModelInfo } from "@anthropic-ai/sdk/resources/models";
import { describe, expect, test } from "bun:test";
import type { TSchema } from "@sinclair/typebox";
import { MessageEvent, Message as MessageSchema } from "../../../src/api/messages/answer-schema.ts";
import { decode } from "../../../src/api/messages/decode.ts";
import { CountTokensRequest, MessageRequest } from "../../../src/api/messages/schema.ts";
import { encodeAnthropic } from "../../../src/api/models/encode-anthropic.ts";

/** A newer SDK with more keys, or fewer, fails the type check here: then there is something to decide. */
type KeysOf<Shape> = Readonly<Record<keyof Shape, true>>;

const message = {
  id: true,
  container: true,
  content: true,
  diagnostics: true,
  model: true,
  role: true,
  stop_details: true,
  stop_reason: true,
  stop_sequence: true,
  type: true,
  usage: true,
} satisfies KeysOf<Message>;
const usage = {
  cache_creation: true,
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  inference_geo: true,
  input_tokens: true,
  output_tokens: true,
  output_tokens_details: true,
  server_tool_use: true,
  service_tier: true,
  speed: true,
} satisfies KeysOf<Usage>;
const deltaUsage = {
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  input_tokens: true,
  output_tokens: true,
  output_tokens_details: true,
  server_tool_use: true,
} satisfies KeysOf<MessageDeltaUsage>;
const delta = {
  container: true,
  stop_details: true,
  stop_reason: true,
  stop_sequence: true,
} satisfies KeysOf<RawMessageDeltaEvent["delta"]>;
const text = { citations: true, text: true, type: true } satisfies KeysOf<TextBlock>;
const thinking = { signature: true, thinking: true, type: true } satisfies KeysOf<ThinkingBlock>;
const toolUse = {
  id: true,
  caller: true,
  input: true,
  name: true,
  type: true,
} satisfies KeysOf<Omit<ToolUseBlock, "toolset_name">>;
const model = {
  id: true,
  capabilities: true,
  created_at: true,
  deprecated_at: true,
  display_name: true,
  lifecycle: true,
  line: true,
  max_input_tokens: true,
  max_tokens: true,
  retires_at: true,
  type: true,
} satisfies KeysOf<ModelInfo>;
/** Of the beta, but for those that only a service of Anthropic's fills. */
const beta = { ...message } satisfies KeysOf<
  Omit<BetaMessage, "context_management" | "input_transformations">
>;

/** The properties of an object, or of that member of a union whose `type` is the word. */
function keysOf(schema: TSchema, word?: string): string[] {
  const variants: readonly TSchema[] = schema["anyOf"] ?? [schema];
  const found = variants.find(
    ({ properties }) => word === undefined || properties?.["type"]?.["const"] === word,
  );
  return Object.keys(found?.["properties"] ?? {}).toSorted();
}

function eventOf(type: string): TSchema {
  const variants: readonly TSchema[] = MessageEvent.anyOf;
  const found = variants.find(({ properties }) => properties?.["type"]?.["const"] === type);
  if (found === undefined) throw new Error(`There is no event ${type}.`);
  return found;
}

describe("what the SDK's types have is what is described", () => {
  const blocks: TSchema = MessageSchema.properties.content.items;
  const { delta: givenDelta, usage: givenUsage } = eventOf("message_delta")["properties"];
  for (const [name, described, keys] of [
    ["a message", keysOf(MessageSchema), message],
    ["a message of the beta", keysOf(MessageSchema), beta],
    ["its usage", keysOf(MessageSchema.properties.usage), usage],
    ["its end", keysOf(givenDelta), delta],
    ["the usage at its end", keysOf(givenUsage), deltaUsage],
    ["a text", keysOf(blocks, "text"), text],
    ["a thought", keysOf(blocks, "thinking"), thinking],
    ["a call", keysOf(blocks, "tool_use"), toolUse],
    ["a model", Object.keys(encodeAnthropic({ id: "a", ownedBy: "b", created: 1 })).toSorted(), model],
  ] as const) {
    test(name, () => {
      expect(described).toEqual(Object.keys(keys).toSorted());
    });
  }
});

/** What a request may have, and what becomes of it. Headers are in the SDK's parameters as well. */
const requestFields = {
  max_tokens: "read",
  messages: "read",
  model: "read",
  cache_control: "passed over",
  container: "named",
  diagnostics: "named",
  inference_geo: "named",
  metadata: "read",
  output_config: "read",
  service_tier: "read",
  speed: "named",
  stop_sequences: "read",
  stream: "read",
  system: "read",
  thinking: "read",
  tool_choice: "read",
  tools: "read",
  user_profile_id: "named",
  workspace_id: "named",
} satisfies Readonly<Record<keyof MessageCreateParamsBase, string>>;
const betaFields = {
  billing_policy: "named",
  compaction: "named",
  context_management: "named",
  fallback_credit_token: "named",
  fallbacks: "named",
  mcp_servers: "named",
  output_format: "read",
  thread: "refused",
  betas: "named",
} satisfies Readonly<Record<Exclude<keyof BetaMessageCreateParams, keyof MessageCreateParamsBase>, string>>;
const countFields = [
  "messages",
  "model",
  "cache_control",
  "output_config",
  "speed",
  "system",
  "thinking",
  "tool_choice",
  "tools",
  "user_profile_id",
  "workspace_id",
] as const satisfies readonly (keyof MessageCountTokensParams)[];

describe("every field of the SDK's requests has its fate", () => {
  const hello = { max_tokens: 1, messages: [{ role: "user" as const, content: "Hi" }] };
  for (const [name, fate] of Object.entries({ ...requestFields, ...betaFields })) {
    test(`${name} is ${fate}`, () => {
      const isRead = name in MessageRequest.properties;
      if (isRead || fate === "refused") {
        expect(fate).toBe(isRead ? "read" : "refused");
        return;
      }

      const { ignored, request } = decode({ ...hello, [name]: {} });

      expect(ignored).toEqual(fate === "named" ? [name] : []);
      expect({ ...request.extra }).toEqual({});
    });
  }

  test("those of a count are among them", () => {
    expect(countFields.filter((name) => !(name in requestFields))).toEqual([]);
    expect(Object.keys(CountTokensRequest.properties)).not.toContain("max_tokens");
  });
});
