import { describe, expect, test } from "bun:test";
import { callContext, memoryLog, run, textOf, textRequest } from "../../support/calls.ts";
import { anyserveHandler, startFakeKserve } from "../../support/fake-kserve.ts";
import type { FakeHandler } from "../../support/fake-kserve.ts";
import { backendFor, startFake } from "../../support/kserve-bed.ts";
import { tokenMessage } from "../../support/kserve-messages.ts";

describe("the worker beside a dispatcher", () => {
  test("is found 100 ports above", async () => {
    const log = memoryLog();
    const { dispatcher } = await dispatcherAndWorker(anyserveHandler({ tokens: ["streamed"] }));
    const backend = backendFor({ endpoint: dispatcher.endpoint }, log);

    const { batches } = await run(backend.generate(textRequest({ stream: false }), callContext()));

    expect(batches.flat()[0]).toEqual({ type: "text-delta", choice: 0, text: "streamed", tokens: 1 });
    expect(log.lines).toEqual(["info found a model", "info answers of this model are streamed"]);
  });

  test("is found where the configuration says", async () => {
    const dispatcher = await startFake(anyserveHandler({ tokens: ["whole"], stream: false }));
    const worker = await startFake(anyserveHandler({ tokens: ["streamed"] }));
    const backend = backendFor({ endpoint: dispatcher.endpoint, stream_endpoint: worker.endpoint });

    const { batches } = await run(backend.generate(textRequest(), callContext()));

    expect(textOf(batches)).toBe("streamed");
    expect(dispatcher.calls).toEqual([]);
  });

  test("that dies leaves the unary rpc", async () => {
    const { dispatcher, worker } = await dispatcherAndWorker(anyserveHandler({ tokens: ["streamed"] }));
    const backend = backendFor({ endpoint: dispatcher.endpoint });
    const before = await run(backend.generate(textRequest(), callContext()));

    await worker.close();
    const after = await run(backend.generate(textRequest(), callContext()));

    expect([textOf(before.batches), textOf(after.batches)]).toEqual(["streamed", "whole"]);
  });

  test("is not tried in place of a call that has begun to answer", async () => {
    const { dispatcher, worker } = await dispatcherAndWorker((call) => {
      call.send(tokenMessage("half"));
      call.end(14, "going down");
    });
    const backend = backendFor({ endpoint: dispatcher.endpoint });

    const { failure } = await run(backend.generate(textRequest(), callContext()));

    expect(failure).toMatchObject({ kind: "unavailable" });
    expect(worker.calls).toHaveLength(1);
    expect(dispatcher.calls.map((call) => call.method)).toEqual(["ModelStreamInfer"]);
  });
});

describe("a server that starts late", () => {
  test("is found by a later call", async () => {
    const placeholder = await startFakeKserve(() => {});
    await placeholder.close();
    const backend = backendFor({ endpoint: placeholder.endpoint });
    const before = await run(backend.generate(textRequest(), callContext()));
    await startFake(anyserveHandler({ tokens: ["here"], modelName: "tiny" }), placeholder.port);

    const isReady = () =>
      backend.ready(new AbortController().signal).then(
        () => true,
        () => false,
      );
    const readyAfter = await until(isReady);
    const after = await run(backend.generate(textRequest(), callContext()));

    expect(before.failure).toMatchObject({ kind: "unavailable" });
    expect(readyAfter).toBe(true);
    expect(textOf(after.batches)).toBe("here");
  });
});

function isTaken(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
    return false;
  } catch {
    return true;
  }
}

/** grpc-js tries again by its own clock, which a test can only watch. */
async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (await condition()) return true;
    await Bun.sleep(20);
  }
  return false;
}

/** Two servers of which the second is on the port 100 above the first; ports that are taken are tried past. */
async function dispatcherAndWorker(workerHandler: FakeHandler) {
  for (;;) {
    const dispatcher = await startFake(anyserveHandler({ tokens: ["whole"], stream: false }));
    if (dispatcher.port > 65_435 || isTaken(dispatcher.port + 100)) continue;
    return { dispatcher, worker: await startFake(workerHandler, dispatcher.port + 100) };
  }
}
