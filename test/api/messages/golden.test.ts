import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Message, MessageEvent } from "../../../src/api/messages/answer-schema.ts";
import type { ThinkingDisplay } from "../../../src/api/messages/decode.ts";
import { encode } from "../../../src/api/messages/encode.ts";
import { encodeStream } from "../../../src/api/messages/encode-stream.ts";
import { showThinking } from "../../../src/api/messages/show-thinking.ts";
import { collectBlocks } from "../../../src/core/collect-blocks.ts";
import { ServeError } from "../../../src/core/error.ts";
import { expectGolden, goldenCases } from "../../support/golden.ts";
import { messageEvents } from "../../support/message-events.ts";
import { joined } from "../../support/sse-frames.ts";

const header = { id: "msg_golden", model: "m" };
const options = {
  requestId: "req_golden",
  inputTokens: Promise.resolve(7),
  reworded: (thrown: unknown) => ServeError.from(thrown),
};

describe("the same events as a stream and as a message", () => {
  for (const { name, options: given, batches } of goldenCases<{ thinking?: ThinkingDisplay }>("messages")) {
    const { thinking = "shown" } = given;
    test(name, async () => {
      const stream = await joined(encodeStream(showThinking(batches(), thinking), header, options));
      const body = await collectBlocks(showThinking(batches(), thinking)).then(
        (generation) => encode(generation, header),
        (error: unknown) => ({ thrown: ServeError.from(error).kind }),
      );

      expectGolden(name, `${stream}----------\n${JSON.stringify(body, null, 2)}\n`);
      for (const { data } of messageEvents(stream)) expect(Value.Check(MessageEvent, data)).toBe(true);
      expect(Value.Check(Message, body) || "thrown" in body).toBe(true);
    });
  }
});
