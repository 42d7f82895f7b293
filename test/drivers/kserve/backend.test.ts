import { describe, expect, test } from "bun:test";
import type { GenerationEvent } from "../../../src/core/generation.ts";
import { callContext, memoryLog, run, textOf, textRequest } from "../../support/calls.ts";
import { assertContract } from "../../support/contract.ts";
import { anyserveHandler } from "../../support/fake-kserve.ts";
import { backendFor, startFake, streaming } from "../../support/kserve-bed.ts";
import { bytesOutput, inferMessage, tokenMessage } from "../../support/kserve-messages.ts";

describe("the stream rpc", () => {
  test("gives one counted delta a token and the finish at the end", async () => {
    const backend = await streaming(anyserveHandler({ tokens: ["Hel", "lo"] }));

    const { batches } = await run(backend.generate(textRequest(), callContext()));

    assertContract(batches);
    expect(batches.flat()).toEqual([
      { type: "text-delta", choice: 0, text: "Hel", tokens: 1 },
      { type: "text-delta", choice: 0, text: "lo", tokens: 1 },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });

  test("counts a token whose bytes do not complete a character", async () => {
    const [head, tail] = [Uint8Array.of(0xc3), Uint8Array.of(0xa9)];
    const backend = await streaming((call) => {
      for (const token of [head, tail]) call.send(tokenMessage(token));
      call.end();
    });

    const { batches } = await run(backend.generate(textRequest(), callContext()));

    expect(batches.flat()).toEqual([
      { type: "text-delta", choice: 0, text: "", tokens: 1 },
      { type: "text-delta", choice: 0, text: "é", tokens: 1 },
      { type: "finish", choice: 0, reason: "stop" },
    ]);
  });

  test("that ends cleanly without a finish word is a stop", async () => {
    const backend = await streaming((call) => {
      call.send(tokenMessage("Hi"));
      call.end();
    });

    const { batches, failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toBeUndefined();
    expect(batches.flat().at(-1)).toEqual({ type: "finish", choice: 0, reason: "stop" });
  });

  test("that never ends after its finish does not hold the answer up", async () => {
    const backend = await streaming((call) => {
      call.send(tokenMessage("Hi", "stop"));
    });

    const { batches, failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toBeUndefined();
    assertContract(batches);
  });

  test("that fails after its finish is a whole answer all the same", async () => {
    const backend = await streaming((call) => {
      call.send(tokenMessage("Hi", "stop"));
      call.send(tokenMessage("more"));
      call.stream.close(2);
    });

    const { batches, failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toBeUndefined();
    expect(textOf(batches)).toBe("Hi");
  });

  test("warns once about text that is not UTF-8", async () => {
    const log = memoryLog();
    const backend = await streaming((call) => {
      for (let count = 0; count < 3; count++) call.send(tokenMessage(Uint8Array.of(0xff)));
      call.end();
    });

    const { batches } = await run(backend.generate(textRequest(), callContext(undefined, log)));

    expect(textOf(batches)).toBe("\ufffd\ufffd\ufffd");
    expect(log.lines.filter((line) => line.startsWith("warn"))).toHaveLength(1);
  });
});

describe("without the stream rpc", () => {
  test("an answer comes whole from the unary one, uncounted", async () => {
    const log = memoryLog();
    const server = await startFake(anyserveHandler({ tokens: ["Hel", "lo"], stream: false }));
    const backend = backendFor(onlyAt(server.endpoint), log);

    const { batches } = await run(backend.generate(textRequest(), callContext()));

    expect(batches).toEqual([
      [
        { type: "text-delta", choice: 0, text: "Hello" },
        { type: "finish", choice: 0, reason: "stop" },
      ],
    ]);
    expect(log.lines).toEqual(["info found a model", "info answers of this model come whole"]);
  });

  test("the server is not asked for it again with every call", async () => {
    const server = await startFake(anyserveHandler({ tokens: ["Hi"], stream: false }));
    const backend = backendFor(onlyAt(server.endpoint));

    for (let count = 0; count < 3; count++) await run(backend.generate(textRequest(), callContext()));

    expect(server.calls.map((call) => call.method)).toEqual([
      "ModelStreamInfer",
      "ModelInfer",
      "ModelInfer",
      "ModelInfer",
    ]);
  });

  test("an OK without outputs is an error and not an empty answer", async () => {
    const server = await startFake((call) => {
      if (call.method === "ModelStreamInfer") return call.end(12, "no such method");
      call.send(inferMessage([]));
      call.end();
    });
    const backend = backendFor(onlyAt(server.endpoint));

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
  });

  test("two messages are an error", async () => {
    const server = await startFake((call) => {
      if (call.method === "ModelStreamInfer") return call.end(12, "no such method");
      for (const text of ["one", "two"]) call.send(inferMessage([bytesOutput("text", text)]));
      call.end();
    });
    const backend = backendFor(onlyAt(server.endpoint));

    const { batches, failure } = await run(backend.generate(textRequest(), callContext()));

    expect(batches).toEqual([]);
    expect(failure).toMatchObject({ kind: "upstream", code: "upstream_error" });
  });

  test("an abort is seen by the server at once", async () => {
    const asked = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const server = await startFake((call) => {
      if (call.method === "ModelStreamInfer") return call.end(12, "no such method");
      void call.cancelled.then(cancelled.resolve);
      asked.resolve();
    });
    const backend = backendFor(onlyAt(server.endpoint));
    const controller = new AbortController();
    const outcome = run(backend.generate(textRequest(), callContext(controller.signal)));
    await asked.promise;

    controller.abort();

    expect((await outcome).failure).toMatchObject({ kind: "canceled" });
    await cancelled.promise;
  });

  test("a model that is not there is a 404", async () => {
    const server = await startFake((call) => call.end(5, "Model 'generate:llamacpp' not found"));
    const backend = backendFor(onlyAt(server.endpoint));

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({ kind: "not_found", code: "model_not_found", param: "model" });
  });
});

describe("a finished answer", () => {
  for (const template of ["plain", "chatml"] as const) {
    test(`is ended by the server, not cancelled, with the template ${template}`, async () => {
      const others = anyserveHandler({ tokens: [], modelName: "tiny" });
      const mayEnd = Promise.withResolvers<void>();
      let isCancelled = false;
      const backend = await streaming(
        async (call) => {
          if (call.method !== "ModelStreamInfer") return others(call);
          void call.cancelled.then(() => (isCancelled = true));
          call.send(tokenMessage("hi"));
          call.send(tokenMessage("", "stop"));
          await mayEnd.promise;
          call.end();
        },
        { template },
      );
      const request = textRequest({ prompt: { kind: "messages", messages: [] } });
      const events = backend.generate(request, callContext())[Symbol.asyncIterator]();
      let isFinished = false;
      while (!isFinished) {
        const { value = [] } = await events.next();
        isFinished = value.some(({ type }: GenerationEvent) => type === "finish");
      }

      const last = events.next();
      // On the same connection: a cancellation would arrive before it.
      await backend.models(new AbortController().signal);
      expect(isCancelled).toBe(false);
      mayEnd.resolve();

      expect((await last).done).toBe(true);
    });
  }
});

describe("backpressure", () => {
  test("a reader that stops makes the server stop", async () => {
    const token = "x".repeat(16_384);
    const total = 4_000;
    let sent = 0;
    const blocked = Promise.withResolvers<void>();
    const backend = await streaming(async (call) => {
      while (sent < total) {
        sent++;
        if (call.send(tokenMessage(token))) continue;
        const drained = new Promise<void>((resolve) => {
          call.stream.once("drain", resolve);
        });
        const first = await Promise.race([drained, Bun.sleep(300).then(() => "blocked")]);
        if (first === "blocked") blocked.resolve();
        await drained;
      }
      call.end();
    });
    const iterator = backend.generate(textRequest(), callContext())[Symbol.asyncIterator]();
    let characters = textOf([(await iterator.next()).value ?? []]).length;

    await blocked.promise;
    const sentWhileStopped = sent;
    for (let result = await iterator.next(); result.done !== true; result = await iterator.next()) {
      characters += textOf([result.value]).length;
    }

    expect(sentWhileStopped * token.length).toBeLessThan(16 * 1_048_576);
    expect(characters).toBe(total * token.length);
  });
});

test("a prompt larger than a window arrives whole", async () => {
  const text = "é".repeat(3_000_000);
  const server = await startFake(anyserveHandler({ tokens: ["ok"] }));
  const backend = backendFor({ endpoint: server.endpoint });

  const { failure } = await run(
    backend.generate(textRequest({ prompt: { kind: "text", text } }), callContext()),
  );

  expect(failure).toBeUndefined();
  expect(server.calls[0]?.request).toHaveProperty("inputs.0.contents.bytesContents.0.length", 6_000_000);
});

test("large prompts that wait for each other all arrive, and a call that is canceled meanwhile lets the next one go", async () => {
  const prompt = { kind: "text", text: "x".repeat(20_000_000) } as const;
  const server = await startFake(anyserveHandler({ tokens: ["ok"] }));
  const backend = backendFor({ endpoint: server.endpoint });
  const controller = new AbortController();
  const outcomes = [0, 1, 2, 3, 4].map((index) =>
    run(
      backend.generate(textRequest({ prompt }), index === 1 ? callContext(controller.signal) : callContext()),
    ),
  );

  controller.abort();

  const texts = (await Promise.all(outcomes)).map(({ batches }) => textOf(batches));
  expect(texts).toEqual(["ok", "", "ok", "ok", "ok"]);
});

test("a prompt of token ids is refused", async () => {
  const backend = backendFor({ endpoint: "127.0.0.1:1" });

  const { failure } = await run(
    backend.generate(textRequest({ prompt: { kind: "tokens", tokens: [1] } }), callContext()),
  );

  expect(failure).toMatchObject({ kind: "invalid_request", param: "prompt" });
});

test("the text of an unary answer may come raw", async () => {
  const server = await startFake((call) => {
    if (call.method === "ModelStreamInfer") return call.end(12, "no such method");
    const rawOutputContents = [Buffer.from("\u0002\u0000\u0000\u0000Hi")];
    call.send(inferMessage([{ name: "text", datatype: "BYTES", shape: [1] }], { rawOutputContents }));
    call.end();
  });
  const backend = backendFor(onlyAt(server.endpoint));

  const { batches } = await run(backend.generate(textRequest(), callContext()));

  expect(textOf(batches)).toBe("Hi");
});

/** Without the guess at a worker's port, where a server of another test may listen. */
function onlyAt(endpoint: string) {
  return { endpoint, stream_endpoint: endpoint };
}
