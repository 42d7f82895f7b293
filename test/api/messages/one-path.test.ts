import { MessageStream } from "@anthropic-ai/sdk/lib/MessageStream";
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { encode } from "../../../src/api/messages/encode.ts";
import { encodeStream } from "../../../src/api/messages/encode-stream.ts";
import { collectBlocks } from "../../../src/core/collect-blocks.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { EventBatch, GenerationEvent } from "../../../src/core/generation.ts";
import { arbitraryBatches, asStream } from "../../support/arbitrary-events.ts";
import { usage } from "../../support/events.ts";
import { messageEvents } from "../../support/message-events.ts";
import { joined } from "../../support/sse-frames.ts";

const header = { id: "msg_1", model: "m" };

test("Anthropic's reader of streams puts together what the whole message is", () =>
  fc.assert(
    fc.asyncProperty(
      arbitraryBatches(2, { toolCalls: "many", kinds: ["function"] }),
      fc.infiniteStream(fc.object({ maxDepth: 2 })),
      async (batches, inputs) => {
        const events = [...withArguments(batches, inputs), [usage(12, 34, { reasoningTokens: 5 })]];

        const stream = await joined(
          encodeStream(asStream(events), header, {
            requestId: "req_1",
            inputTokens: Promise.resolve(12),
            reworded: (thrown) => ServeError.from(thrown),
          }),
        );
        const whole = encode(await collectBlocks(asStream(events)), header);

        expect(await putTogether(stream)).toEqual(JSON.parse(JSON.stringify(whole)));
      },
    ),
  ));

/** The batches with a JSON object for the arguments of each call, in the pieces in which they came. */
function withArguments(batches: readonly EventBatch[], inputs: Iterator<object>): EventBatch[] {
  const rewrite = (event: GenerationEvent): GenerationEvent[] => {
    if (event.type === "tool-call-delta") return [];
    if (event.type !== "tool-call-start") return [event];
    const json = JSON.stringify(inputs.next().value ?? {});
    const middle = json.length >> 1;
    const { choice, index } = event;
    return [
      event,
      { type: "tool-call-delta", choice, index, arguments: json.slice(0, middle) },
      { type: "tool-call-delta", choice, index, arguments: json.slice(middle) },
    ];
  };
  return batches.map((batch) => batch.flatMap(rewrite)).filter((batch) => batch.length > 0);
}

async function putTogether(stream: string): Promise<unknown> {
  const lines = messageEvents(stream)
    .filter(({ event }) => event !== "ping")
    .map(({ data }) => `${JSON.stringify(data)}\n`);
  const reader = MessageStream.fromReadableStream(new Blob(lines).stream());
  const { parsed_output: _parsed, ...message } = await reader.finalMessage();
  return JSON.parse(JSON.stringify(message));
}
