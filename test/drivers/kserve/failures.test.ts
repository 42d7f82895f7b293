import { rejection } from "../../support/rejection.ts";
import { describe, expect, test } from "bun:test";
import { kserveDriver } from "../../../src/drivers/kserve/driver.ts";
import { callContext, memoryLog, run, textOf, textRequest } from "../../support/calls.ts";
import { startFakeKserve } from "../../support/fake-kserve.ts";
import type { FakeHandler } from "../../support/fake-kserve.ts";
import { backendFor, closers, startFake, streaming } from "../../support/kserve-bed.ts";
import { encodeMessage, streamMessage, tokenMessage } from "../../support/kserve-messages.ts";

describe("a server that fails", () => {
  for (let tokens = 0; tokens <= 6; tokens++) {
    test(`by dying after ${tokens} tokens ends the answer with an error and keeps the text`, async () => {
      const sent = Array.from({ length: tokens }, (_, index) => `t${index} `);
      const proceed = Promise.withResolvers<void>();
      const backend = await streaming(async (call) => {
        for (const token of sent) call.send(tokenMessage(token));
        if (tokens > 0) await proceed.promise;
        call.drop();
      });
      let text = "";

      const failure = await consume();

      expect(text).toBe(sent.join(""));
      expect(failure).toMatchObject({
        name: "ServeError",
        kind: "unavailable",
        code: "upstream_unavailable",
      });

      async function consume(): Promise<unknown> {
        try {
          for await (const batch of backend.generate(textRequest(), callContext())) {
            expect(batch.some((event) => event.type === "finish")).toBe(false);
            text += textOf([batch]);
            if (text === sent.join("")) proceed.resolve();
          }
          return undefined;
        } catch (error) {
          return error;
        }
      }
    });
  }

  const endings: readonly [string, FakeHandler, object][] = [
    [
      "an error text inside the stream",
      (call) => {
        call.send(encodeMessage("ModelStreamInferResponse", { errorMessage: "/srv/model.gguf is gone" }));
        call.end();
      },
      { kind: "upstream", code: "upstream_error" },
    ],
    [
      "OK without outputs",
      (call) => {
        call.send(streamMessage([]));
        call.end();
      },
      { kind: "upstream", code: "upstream_error" },
    ],
    [
      "a message without anything",
      (call) => {
        call.send(new Uint8Array());
        call.end();
      },
      { kind: "upstream", code: "upstream_error" },
    ],
    ["OK without a message", (call) => call.end(), { kind: "upstream", code: "upstream_error" }],
    [
      "bytes that are no message",
      (call) => {
        call.send(Uint8Array.of(0x0a, 0xff));
        call.end();
      },
      { kind: "upstream", code: "upstream_error" },
    ],
    [
      "a string that is not UTF-8",
      (call) => {
        call.send(Uint8Array.of(0x12, 0x03, 0x0a, 0x01, 0xff));
        call.end();
      },
      { kind: "upstream", code: "upstream_error" },
    ],
    [
      "an HTTP error page",
      (call) => {
        call.stream.respond({ ":status": 502, "content-type": "text/html" });
        call.stream.end("<html>Bad gateway</html>");
      },
      { kind: "unavailable" },
    ],
    [
      "headers without a gRPC status",
      (call) => {
        call.stream.respond({ ":status": 200, "content-type": "application/grpc" });
        call.stream.end();
      },
      { kind: "upstream" },
    ],
  ];

  for (const [what, handler, expected] of endings) {
    test(`by ${what} is an error that tells nothing about it`, async () => {
      const backend = await streaming(handler);

      const { batches, failure } = await run(backend.generate(textRequest(), callContext()));

      expect(batches).toEqual([]);
      expect(failure).toMatchObject({ name: "ServeError", ...expected });
      expect(String(failure)).not.toMatch(/127\.0\.0\.1|srv|html|RST/i);
    });
  }

  test("by sending more than the limit is an upstream error", async () => {
    const backend = await streaming(
      (call) => {
        call.send(tokenMessage("x".repeat(5_000)));
        call.end();
      },
      { max_message_bytes: 4_096 },
    );

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
  });

  test("by announcing a message of 4 GB is an upstream error", async () => {
    const backend = await streaming((call) => {
      call.stream.respond({ ":status": 200, "content-type": "application/grpc" });
      call.stream.write(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3));
    });

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
  });

  test("by going away gracefully finishes the answers that it has begun", async () => {
    let calls = 0;
    const backend = await streaming((call) => {
      calls++;
      call.send(tokenMessage(`answer ${calls}`));
      if (calls === 1) call.goAway();
      call.send(tokenMessage("", "stop"));
      call.end();
    });

    const first = await run(backend.generate(textRequest(), callContext()));
    const second = await run(backend.generate(textRequest(), callContext()));

    expect([textOf(first.batches), textOf(second.batches)]).toEqual(["answer 1", "answer 2"]);
  });

  for (const answered of [true, false]) {
    test(`by going away gracefully ${answered ? "after" : "before"} the first token lasts longer than a connect`, async () => {
      const server = await startFake(async (call) => {
        if (answered) call.send(tokenMessage("first, "));
        call.goAway();
        // Longer than the limit below: it is the time that passes that is tested.
        await Bun.sleep(400);
        call.send(tokenMessage("last", "stop"));
        call.end();
      });
      const backend = kserveDriver.create(
        { kind: "kserve", dialect: "anyserve", endpoint: server.endpoint },
        { id: "test", log: memoryLog(), connectTimeoutMs: 150 },
      );
      closers.push(() => backend.close());

      const { batches, failure } = await run(backend.generate(textRequest(), callContext()));

      expect(failure).toBeUndefined();
      expect(textOf(batches)).toBe(answered ? "first, last" : "last");
    });
  }

  test("by not being there is an error at once", async () => {
    const gone = await startFakeKserve(() => {});
    await gone.close();
    const backend = backendFor({ endpoint: gone.endpoint });

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({
      kind: "unavailable",
      code: "upstream_unavailable",
      retryAfterSeconds: 1,
    });
  });
});

describe("a port that accepts and says nothing", () => {
  test("is not reachable once the connect time has passed", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    closers.push(() => Promise.resolve(listener.stop(true)));
    const backend = kserveDriver.create(
      { kind: "kserve", dialect: "anyserve", endpoint: `127.0.0.1:${listener.port}` },
      { id: "test", log: memoryLog(), connectTimeoutMs: 200 },
    );
    closers.push(() => backend.close());

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({ kind: "unavailable", code: "upstream_unavailable" });
    expect(await rejection(backend.ready(new AbortController().signal))).toMatchObject({
      kind: "unavailable",
      code: "upstream_unavailable",
    });
  });
});
