import { expect, test } from "bun:test";
import { isModelId } from "../../../src/drivers/kserve/facts.ts";
import { anyserveHandler, startFakeKserve } from "../../support/fake-kserve.ts";
import type { FakeCall } from "../../support/fake-kserve.ts";
import { backendFor, startFake } from "../../support/kserve-bed.ts";
import { bytesOutput, inferMessage } from "../../support/kserve-messages.ts";
import { rejection } from "../../support/rejection.ts";

const { signal } = new AbortController();
const presumed = { id: "llamacpp", ownedBy: "anyserve", aliases: ["llamacpp"] };

test("the server's model has the alias of the documents and its context", async () => {
  const server = await startFake(anyserveHandler({ tokens: [], modelName: "tiny", contextTokens: 2_048 }));
  const backend = backendFor({ endpoint: server.endpoint });

  expect(await backend.models(signal)).toEqual([
    { id: "tiny", ownedBy: "anyserve", aliases: ["llamacpp"], contextTokens: 2_048 },
  ]);
});

test("what is presumed is the configured name, or else that of the documents", () => {
  const named = backendFor({ endpoint: "127.0.0.1:1", model_name: "qwen" });
  const unnamed = backendFor({ endpoint: "127.0.0.1:1" });

  expect(named.presumed).toEqual([{ id: "qwen", ownedBy: "anyserve", aliases: ["llamacpp"] }]);
  expect(unnamed.presumed).toEqual([presumed]);
});

for (const code of [5, 12]) {
  test(`a server that has no call for it, status ${code}, has the presumed model`, async () => {
    const server = await startFake((call) => call.end(code, "no such call"));
    const backend = backendFor({ endpoint: server.endpoint });

    expect(await backend.models(signal)).toEqual([presumed]);
  });
}

const failures: readonly [string, (call: FakeCall) => void, object][] = [
  ["a failure", (call) => call.end(13, "at 10.0.0.7"), { kind: "upstream", code: "upstream_error" }],
  ["UNAVAILABLE", (call) => call.end(14), { kind: "unavailable", code: "upstream_unavailable" }],
  ["a refused call", (call) => call.end(3), { kind: "invalid_request" }],
  [
    "a name that is not UTF-8",
    (call) => {
      call.send(inferMessage([bytesOutput("model_name", Uint8Array.of(0xff))]));
      call.end();
    },
    { kind: "upstream", code: "upstream_error" },
  ],
];
for (const [what, handler, expected] of failures) {
  test(`${what} is an error and not the presumed model`, async () => {
    const server = await startFake(handler);
    const backend = backendFor({ endpoint: server.endpoint });

    expect(await rejection(backend.models(signal))).toMatchObject({ name: "ServeError", ...expected });
  });
}

test("a server that is not there cannot be asked", async () => {
  const gone = await startFakeKserve(() => {});
  await gone.close();
  const backend = backendFor({ endpoint: gone.endpoint });

  expect(await rejection(backend.models(signal))).toMatchObject({ kind: "unavailable" });
});

test("each call asks the server", async () => {
  const server = await startFake(anyserveHandler({ tokens: [], modelName: "tiny" }));
  const backend = backendFor({ endpoint: server.endpoint });

  await backend.models(signal);
  await backend.models(signal);

  expect(server.calls.map((call) => call.request["modelName"])).toEqual(["model_info", "model_info"]);
});

test("a caller who leaves does not wait for the server", async () => {
  const asked = Promise.withResolvers<void>();
  const server = await startFake(() => asked.resolve());
  const backend = backendFor({ endpoint: server.endpoint });
  const controller = new AbortController();
  const failure = rejection(backend.models(controller.signal));
  await asked.promise;

  controller.abort();

  expect(await failure).toMatchObject({ kind: "canceled" });
});

for (const name of ["", "two\nlines", " padded ", "x".repeat(257), "\u202e"]) {
  test(`a name such as ${JSON.stringify(name.slice(0, 12))} is no id`, () => {
    expect(isModelId(name)).toBe(false);
  });
}

test("a name may have spaces inside, as those of files do", () => {
  expect(isModelId("Llama 3")).toBe(true);
});
