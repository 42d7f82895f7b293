import { describe, expect, test } from "bun:test";
import { rejection } from "../../support/rejection.ts";
import { readCodexTurn } from "../../support/codex/reader.ts";

function streamOf(events: readonly object[]): Response {
  return new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
}

describe("the reader of Codex's kind", () => {
  const message = { id: "msg_1", type: "message", role: "assistant", content: [] };

  for (const [what, code, events] of [
    ["an early end", "stream_disconnected", [{ type: "response.created", response: { id: "resp_1" } }]],
    ["text without an item", "protocol", [{ type: "response.output_text.delta", delta: "a" }]],
    ["a failure without an error", "protocol", [{ type: "response.failed", response: { error: null } }]],
    [
      "an end without usage",
      "protocol",
      [{ type: "response.completed", response: { id: "resp_1", usage: null } }],
    ],
    [
      "text after its item",
      "protocol",
      [
        { type: "response.output_item.added", item: message },
        { type: "response.output_item.done", item: message },
        { type: "response.output_text.delta", delta: "a" },
      ],
    ],
  ] as const) {
    test(`takes ${what} for an error`, async () => {
      expect(await rejection(readCodexTurn(streamOf(events)))).toMatchObject({ code });
    });
  }
});
