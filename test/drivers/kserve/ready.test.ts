import { expect, test } from "bun:test";
import { anyserveHandler, startFakeKserve } from "../../support/fake-kserve.ts";
import type { FakeHandler } from "../../support/fake-kserve.ts";
import { backendFor, startFake } from "../../support/kserve-bed.ts";
import { encodeMessage } from "../../support/kserve-messages.ts";
import { rejection } from "../../support/rejection.ts";

const { signal } = new AbortController();
const dispatcher = anyserveHandler({ tokens: [], stream: false });
const says =
  (ready: boolean): FakeHandler =>
  (call) => {
    call.send(encodeMessage("ServerReadyResponse", { ready }));
    call.end();
  };

const answers: readonly [string, FakeHandler, object | undefined][] = [
  ["says so", says(true), undefined],
  ["does not have the rpc", (call) => call.end(12), undefined],
  [
    "says that it is not",
    says(false),
    { kind: "unavailable", message: "The model server says that it is not ready." },
  ],
  [
    "says that it is not, but has a model that is",
    (call) => {
      const isIndex = call.method === "RepositoryIndex";
      const models = [
        { name: "broken", state: "UNAVAILABLE" },
        { name: "good", state: "READY" },
      ];
      call.send(
        isIndex
          ? encodeMessage("RepositoryIndexResponse", { models })
          : encodeMessage("ServerReadyResponse", { ready: false }),
      );
      call.end();
    },
    undefined,
  ],
  [
    "says that it is not, and has no model that is",
    (call) => {
      if (call.method === "RepositoryIndex")
        call.send(encodeMessage("RepositoryIndexResponse", { models: [{ name: "a", state: "LOADING" }] }));
      else call.send(encodeMessage("ServerReadyResponse", { ready: false }));
      call.end();
    },
    { kind: "unavailable", message: "The model server says that it is not ready." },
  ],
  [
    "is none, but a proxy without a route",
    (call) => {
      call.stream.respond({ ":status": 404, "content-type": "text/html" });
      call.stream.end("no route");
    },
    {
      kind: "unavailable",
      message: "What answers at the model server's address does not speak gRPC.",
      code: "upstream_unavailable",
    },
  ],
  ["fails", (call) => call.end(13, "at 10.0.0.7"), { kind: "upstream", message: "The model server failed." }],
];
for (const [what, handler, expected] of answers) {
  test(`a server that ${what} is ${expected === undefined ? "ready" : "not ready"}`, async () => {
    const server = await startFake(handler);
    const backend = backendFor({ endpoint: server.endpoint });

    expectOutcome(await rejection(backend.ready(signal)), expected);
  });

  test(`a configured stream endpoint that ${what} is ${expected === undefined ? "ready" : "named as not ready"}`, async () => {
    const [main, worker] = [await startFake(dispatcher), await startFake(handler)];
    const backend = backendFor({ endpoint: main.endpoint, stream_endpoint: worker.endpoint });

    const outcome = await rejection(backend.ready(signal));

    expectOutcome(
      outcome,
      expected && { ...expected, message: "The model server's stream endpoint is not ready." },
    );
  });
}

test("a configured stream endpoint that is not there is named, with the reason for the operator", async () => {
  const main = await startFake(dispatcher);
  const gone = await startFakeKserve(() => {});
  await gone.close();
  const backend = backendFor({ endpoint: main.endpoint, stream_endpoint: gone.endpoint });

  expect(await rejection(backend.ready(signal))).toMatchObject({
    kind: "unavailable",
    code: "upstream_unavailable",
    message: "The model server's stream endpoint is not ready.",
    cause: { name: "GrpcError", code: 14 },
  });
});

test("a guessed worker is not required", async () => {
  const main = await startFake(dispatcher);
  const backend = backendFor({ endpoint: main.endpoint });

  await backend.ready(signal);

  expect(main.calls.map((call) => call.method)).toEqual(["ServerReady"]);
});

test("a stream endpoint that is the endpoint is asked once", async () => {
  const main = await startFake(dispatcher);
  const backend = backendFor({ endpoint: main.endpoint, stream_endpoint: main.endpoint });

  await backend.ready(signal);

  expect(main.calls).toHaveLength(1);
});

function expectOutcome(outcome: unknown, expected: object | undefined): void {
  if (expected === undefined) expect(outcome).toBeUndefined();
  else expect(outcome).toMatchObject({ name: "ServeError", ...expected });
}
