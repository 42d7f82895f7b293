import * as fc from "fast-check";
import type { ContentPart, Message, ToolCall } from "../../src/core/generation.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });

const part: fc.Arbitrary<ContentPart> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text }),
  fc.record({ type: fc.constant("refusal" as const), text }),
  fc.record(
    { type: fc.constant("image" as const), url: text, detail: fc.constantFrom("low", "high") },
    { requiredKeys: ["type", "url"] },
  ),
  fc.record({ type: fc.constant("audio" as const), base64: text, format: fc.constantFrom("wav", "mp3") }),
  fc.record(
    { type: fc.constant("file" as const), filename: text, base64: text, fileId: text },
    { requiredKeys: ["type"] },
  ),
);

const call: fc.Arbitrary<ToolCall> = fc.record({
  id: fc.constantFrom("call_1", "call_2", "call_3"),
  kind: fc.constantFrom("function", "custom"),
  name: fc.constantFrom("f", "get_weather"),
  arguments: text,
});

const content = fc.array(part, { maxLength: 3 });
const name = fc.constantFrom("ada", "bob");

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record(
    { role: fc.constantFrom("system", "developer", "user"), content, name },
    { requiredKeys: ["role", "content"] },
  ),
  fc.record(
    {
      role: fc.constant("assistant" as const),
      content,
      name,
      toolCalls: fc.array(call, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ["role", "content"] },
  ),
  fc.record(
    {
      role: fc.constant("tool" as const),
      content,
      name,
      toolCallId: fc.constantFrom("call_1", "call_2"),
    },
    { requiredKeys: ["role", "content"] },
  ),
);

/** Any messages that a transcript may hold, in any order. */
export const arbitraryMessages: fc.Arbitrary<Message[]> = fc.array(message, { maxLength: 8 });
