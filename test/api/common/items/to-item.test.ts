import { describe, expect, test } from "bun:test";
import { assertReadable } from "../../../../src/api/common/items/assert-readable.ts";
import { createItemId } from "../../../../src/api/common/items/item-id.ts";
import { toItems } from "../../../../src/api/common/items/to-item.ts";
import { rejection } from "../../../support/rejection.ts";

test("an item gets its type, an id with the prefix of it, and its content as parts", () => {
  const items = toItems([
    { role: "user", content: "hi" },
    { role: "assistant", content: "ho" },
    { type: "function_call", call_id: "1", name: "f", arguments: "{}", id: "" },
    { type: "function_call_output", call_id: "1", output: "o" },
  ]);

  expect(items).toEqual([
    {
      id: expect.stringMatching(/^msg_[0-9a-f]{48}$/),
      type: "message",
      role: "user",
      status: "completed",
      content: [{ type: "input_text", text: "hi" }],
    },
    {
      id: expect.stringMatching(/^msg_/),
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "ho", annotations: [], logprobs: [] }],
    },
    {
      id: expect.stringMatching(/^fc_/),
      type: "function_call",
      call_id: "1",
      name: "f",
      arguments: "{}",
      status: "completed",
    },
    {
      id: expect.stringMatching(/^fco_/),
      type: "function_call_output",
      call_id: "1",
      output: "o",
      status: "completed",
    },
  ]);
});

test("an id that was given stays, unless another item has it or it has no form of an id", () => {
  const [one, two, three] = toItems([
    { id: "msg_theirs", role: "user", content: "a" },
    { id: "msg_theirs", role: "user", content: "b" },
    { id: "'; DROP TABLE", role: "user", content: "c" },
  ]);

  expect(one?.id).toBe("msg_theirs");
  expect(two?.id).toMatch(/^msg_[0-9a-f]{48}$/);
  expect(three?.id).toMatch(/^msg_[0-9a-f]{48}$/);
});

test("what an item has besides stays", () => {
  const [item] = toItems([{ type: "web_search_call", id: "ws_1", action: { type: "search", query: "q" } }]);

  expect(item).toEqual({ type: "web_search_call", id: "ws_1", action: { type: "search", query: "q" } });
});

test("kinds without a prefix of their own have ids too", () => {
  expect(createItemId("not_yet_known")).toMatch(/^item_[0-9a-f]{48}$/);
});

describe("a part that only another server has is refused by name:", () => {
  for (const [part, param] of [
    [{ type: "input_image", file_id: "file_1" }, "input[1].content[0].image_url"],
    [{ type: "input_file", file_url: "https://example.com/a.pdf" }, "input[1].content[0].file_data"],
  ] as const) {
    test(JSON.stringify(part), async () => {
      const refused = Promise.try(() =>
        assertReadable(
          [
            { role: "user", content: "hi" },
            { role: "user", content: [part] },
          ],
          "input",
        ),
      );

      expect(await rejection(refused)).toMatchObject({ code: "unsupported_value", param });
    });
  }
});
