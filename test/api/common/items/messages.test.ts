import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { writeCompaction } from "../../../../src/api/common/items/compaction.ts";
import { fromMessages } from "../../../../src/api/common/items/from-messages.ts";
import { InputItem } from "../../../../src/api/common/items/schema.ts";
import { toItems } from "../../../../src/api/common/items/to-item.ts";
import { toMessages } from "../../../../src/api/common/items/to-messages.ts";
import type { JsonRecord } from "../../../../src/core/json.ts";
import { arbitraryMessages } from "../../../support/arbitrary-messages.ts";

const text = (words: string) => [{ type: "text" as const, text: words }];
const functionCall = (id: string) => ({ id, kind: "function" as const, name: "f", arguments: "{}" });

test("messages that were made items are the same messages again", () => {
  fc.assert(
    fc.property(arbitraryMessages, (messages) => {
      expect(toMessages(fromMessages(messages))).toEqual(messages);
    }),
  );
});

test("items made of messages survive being stored, and are items that clients may send", () => {
  fc.assert(
    fc.property(arbitraryMessages, (messages) => {
      const items = fromMessages(messages);

      expect(items.every((item) => Value.Check(InputItem, item))).toBe(true);
      expect(toItems(JSON.parse(JSON.stringify(items)))).toEqual(items);
    }),
  );
});

describe("a model is shown", () => {
  const cases: [string, JsonRecord[], object[]][] = [
    [
      "a message without a type",
      [{ role: "system", content: "S" }],
      [{ role: "system", content: text("S") }],
    ],
    [
      "parts of any kind under any role",
      [
        { role: "assistant", content: [{ type: "input_text", text: "a" }] },
        { role: "user", content: [{ type: "output_text", text: "b" }] },
      ],
      [
        { role: "assistant", content: text("a") },
        { role: "user", content: text("b") },
      ],
    ],
    [
      "an answer that was given back without id, status and annotations",
      [{ type: "message", id: "", role: "assistant", content: [{ type: "output_text", text: "a" }] }],
      [{ role: "assistant", content: text("a") }],
    ],
    [
      "calls in a row as one message, with the message before them",
      [
        { type: "message", role: "assistant", content: "I look." },
        { type: "function_call", call_id: "1", name: "f", arguments: "{}" },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "not ours" },
        { type: "function_call", call_id: "2", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "1", output: "one" },
        { type: "function_call_output", call_id: "2", output: [{ type: "input_text", text: "two" }] },
      ],
      [
        { role: "assistant", content: text("I look."), toolCalls: [functionCall("1"), functionCall("2")] },
        { role: "tool", toolCallId: "1", content: text("one") },
        { role: "tool", toolCallId: "2", content: text("two") },
      ],
    ],
    [
      "calls after a result as another message",
      [
        { type: "function_call", call_id: "1", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "1", output: "one" },
        { type: "function_call", call_id: "2", name: "f", arguments: "{}" },
      ],
      [
        { role: "assistant", content: [], toolCalls: [functionCall("1")] },
        { role: "tool", toolCallId: "1", content: text("one") },
        { role: "assistant", content: [], toolCalls: [functionCall("2")] },
      ],
    ],
    [
      "custom tools, and tools of a namespace",
      [
        { type: "custom_tool_call", call_id: "1", name: "sh", input: "ls" },
        { type: "function_call", call_id: "2", name: "f", namespace: "mcp__files__", arguments: "{}" },
        { type: "custom_tool_call_output", call_id: "1", output: "a.txt" },
      ],
      [
        {
          role: "assistant",
          content: [],
          toolCalls: [
            { id: "1", kind: "custom", name: "sh", arguments: "ls" },
            { ...functionCall("2"), name: "mcp__files__f" },
          ],
        },
        { role: "tool", toolCallId: "1", content: text("a.txt") },
      ],
    ],
    [
      "nothing of hosted tools, reasoning, references and kinds that are not known",
      [
        { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
        { type: "web_search_call", id: "ws_1", status: "completed" },
        { type: "local_shell_call", call_id: "1", action: { type: "exec" } },
        { type: "item_reference", id: "msg_1" },
        { id: "msg_2" },
        { type: "compaction", encrypted_content: "of another server" },
        { type: "not_yet_known", arguments: 7 },
      ],
      [],
    ],
    [
      "a summary that this server made",
      [{ type: "compaction", encrypted_content: writeCompaction("They greeted.") }],
      [
        {
          role: "developer",
          content: text("Summary of the conversation so far:\n\nThey greeted."),
        },
      ],
    ],
  ];

  for (const [what, items, messages] of cases) {
    test(what, () => {
      expect(items.filter((item) => !Value.Check(InputItem, item))).toEqual([]);
      expect<object[]>(toMessages(items)).toEqual(messages);
    });
  }
});

test("as many calls in a row as anybody sends are read in no time", () => {
  const calls = Array.from({ length: 100_000 }, (_, index) => ({
    type: "function_call",
    call_id: String(index),
    name: "f",
    arguments: "{}",
  }));
  const startedAt = performance.now();

  const [message, ...more] = toMessages([{ role: "assistant", content: "I look." }, ...calls]);

  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(message?.toolCalls).toHaveLength(100_000);
  expect(message?.content).toEqual(text("I look."));
  expect(more).toEqual([]);
});
