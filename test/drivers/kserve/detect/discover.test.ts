import { afterEach, describe, expect, test } from "bun:test";
import { describeModel, describeServer } from "../../../../src/drivers/kserve/detect/describe.ts";
import { discover } from "../../../../src/drivers/kserve/detect/discover.ts";
import { createGrpcJsTransport } from "../../../../src/drivers/kserve/transport/grpc-js.ts";
import type { Transport } from "../../../../src/drivers/kserve/transport/transport.ts";
import { startFakeKserve } from "../../../support/fake-kserve.ts";
import type { FakeCall, FakeHandler, FakeKserve } from "../../../support/fake-kserve.ts";
import { encodeMessage } from "../../../support/kserve-messages.ts";
import type { Fields } from "../../../support/kserve-messages.ts";
import { rejection } from "../../../support/rejection.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const { signal } = new AbortController();

function connect(endpoint: string): Transport {
  const options = { endpoint, maxMessageBytes: 16_777_216, connectTimeoutMs: 2_000, keepaliveMs: 300_000 };
  const transport = createGrpcJsTransport(options);
  closers.unshift(() => transport.close());
  return transport;
}

async function start(handler: FakeHandler): Promise<{ server: FakeKserve; transport: Transport }> {
  const server = await startFakeKserve(handler);
  closers.push(() => server.close());
  return { server, transport: connect(server.endpoint) };
}

type Answer = Fields | [code: number, details: string] | undefined;

/** Answers by the rpc's name; undefined is UNIMPLEMENTED. */
function answering(answers: Readonly<Record<string, (request: Fields) => Answer>>): FakeHandler {
  return (call) => reply(call, answers[call.method]?.(call.request));
}

function reply(call: FakeCall, answer: Answer): void {
  if (answer === undefined) {
    call.end(12, "Method not found!");
  } else if (Array.isArray(answer)) {
    call.end(...answer);
  } else {
    call.send(encodeMessage(`${call.method}Response`, answer));
    call.end();
  }
}

const tensor = (name: string, datatype: string) => ({ name, datatype, shape: [1] });
const vllm = {
  platform: "vllm",
  inputs: [tensor("text_input", "BYTES"), tensor("sampling_parameters", "BYTES")],
  outputs: [tensor("text_output", "BYTES")],
};
const classifier = { platform: "onnx", inputs: [tensor("x", "FP32")], outputs: [tensor("y", "FP32")] };
const entry = (name: string, more: Fields = {}) => ({ name, version: "1", state: "READY", ...more });

describe("a server with a list of its models", () => {
  test("is asked for those that are ready, and each is described", async () => {
    const { server, transport } = await start(
      answering({
        ServerMetadata: () => ({ name: "triton", version: "2.51.0" }),
        RepositoryIndex: () => ({ models: [entry("llama"), entry("resnet")] }),
        ModelMetadata: ({ name }) => ({ name, ...(name === "llama" ? vllm : classifier) }),
        ModelConfig: ({ name }) => ({
          config: {
            name,
            backend: name === "llama" ? "vllm" : "onnxruntime",
            modelTransactionPolicy: { decoupled: true },
            input: [{ name: "text_input" }, { name: "sampling_parameters", optional: true }],
            parameters: { accumulate_tokens: { stringValue: "true" } },
          },
        }),
      }),
    );

    const found = await discover(transport, signal);

    expect(found).toMatchObject({
      server: { name: "triton", version: "2.51.0" },
      listsModels: true,
      models: [
        {
          dialect: "vllm",
          state: "READY",
          profile: {
            name: "llama",
            metadata: {
              platform: "vllm",
              inputs: [{ name: "text_input", datatype: "BYTES", shape: [1] }, {}],
            },
            config: {
              backend: "vllm",
              decoupled: true,
              optionalInputs: new Set(["sampling_parameters"]),
              parameters: new Map([["accumulate_tokens", "true"]]),
            },
          },
        },
      ],
      skipped: [{ name: "resnet", reason: "its tensors are not those of a text model" }],
    });
    expect(server.calls.find(({ method }) => method === "RepositoryIndex")?.request).toEqual({ ready: true });
  });

  test("has a model once, ready if any of its versions is", async () => {
    const versions = [
      entry("a", { version: "1", state: "UNAVAILABLE" }),
      entry("a", { version: "2" }),
      entry("a"),
    ];
    const { transport } = await start(
      answering({ RepositoryIndex: () => ({ models: versions }), ModelMetadata: () => vllm }),
    );

    const { models, skipped } = await discover(transport, signal);

    expect([models.map(({ profile }) => profile.name), skipped]).toEqual([["a"], []]);
  });

  test("keeps what is not ready to itself, in its own words", async () => {
    const { transport } = await start(
      answering({
        RepositoryIndex: () => ({
          models: [
            entry("a", { state: "State.READY" }),
            entry("b", { state: "LOADING" }),
            entry("c", { state: "UNAVAILABLE", reason: "no GPU" }),
            entry("d", { state: "" }),
          ],
        }),
        ModelMetadata: () => vllm,
      }),
    );

    const { models, skipped } = await discover(transport, signal);

    expect(models.map(({ profile, state }) => [profile.name, state])).toEqual([
      ["a", "READY"],
      ["d", ""],
    ]);
    expect(skipped).toEqual([
      { name: "b", reason: "loading" },
      { name: "c", reason: "unavailable: no GPU" },
    ]);
  });

  const troubles: readonly [string, Answer, string][] = [
    [
      "gone meanwhile",
      [5, "Request for unknown model: 'b' is not found"],
      "The model server does not have this model.",
    ],
    [
      "not ready after all",
      [14, "Request for unknown model: 'b' version 1 is not at ready state"],
      "The model server does not have this model ready.",
    ],
    ["failing", [13, "it broke"], "The model server failed."],
  ];
  for (const [what, trouble, reason] of troubles) {
    test(`is served without the model that is ${what}`, async () => {
      const { transport } = await start(
        answering({
          RepositoryIndex: () => ({ models: [entry("a"), entry("b"), entry("c")] }),
          ModelMetadata: ({ name }) => (name === "b" ? trouble : vllm),
        }),
      );

      const { models, skipped } = await discover(transport, signal);

      expect(models.map(({ profile }) => profile.name)).toEqual(["a", "c"]);
      expect(skipped).toEqual([{ name: "b", reason }]);
    });
  }

  test("that goes away in between cannot be asked", async () => {
    const { transport } = await start((call) => {
      if (call.method !== "ModelMetadata") return reply(call, indexOf(["a", "b"])[call.method]?.());
      call.drop();
    });

    expect(await rejection(discover(transport, signal))).toMatchObject({
      name: "ServeError",
      kind: "unavailable",
      code: "upstream_unavailable",
    });
  });

  test("is asked eight things at a time, and about no more than 1,000 models", async () => {
    const names = Array.from({ length: 1_003 }, (_, index) => `model-${index}`);
    let underWay = 0;
    let most = 0;
    const { server, transport } = await start(async (call) => {
      const index = indexOf(names)[call.method];
      if (index !== undefined) return reply(call, index());
      if (call.method !== "ModelMetadata") return reply(call, undefined);
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      reply(call, vllm);
    });

    const { models, skipped } = await discover(transport, signal);

    expect(models).toHaveLength(1_000);
    expect(skipped).toEqual(names.slice(1_000).map((name) => ({ name, reason: "more than 1000 models" })));
    expect(server.calls.filter(({ method }) => method === "ModelMetadata")).toHaveLength(1_000);
    expect(most).toBeLessThanOrEqual(8);
  }, 20_000);
});

function indexOf(names: readonly string[]): Readonly<Record<string, () => Answer>> {
  return { RepositoryIndex: () => ({ models: names.map((name) => entry(name)) }) };
}

test("a server without a list has no models until they are named", async () => {
  const { transport } = await start(answering({ ServerMetadata: () => ({ name: "kserve" }) }));

  expect(await discover(transport, signal)).toEqual({
    server: { name: "kserve", version: "", extensions: [] },
    models: [],
    skipped: [],
    listsModels: false,
  });
});

describe("a server", () => {
  test("that says nothing of itself is not described", async () => {
    const { transport } = await start(answering({}));

    expect(await describeServer(transport, signal)).toBeUndefined();
  });

  test("that is not there cannot be asked", async () => {
    const gone = await startFakeKserve(() => {});
    await gone.close();

    for (const ask of [discover, describeServer]) {
      expect(await rejection(ask(connect(gone.endpoint), signal))).toMatchObject({ kind: "unavailable" });
    }
  });

  test("that keeps its list from us is a failure that can be mended", async () => {
    const text = "This protocol is restricted, expecting header 'triton-grpc-protocol-admin'";
    const { transport } = await start(answering({ RepositoryIndex: () => [14, text] }));

    expect(await rejection(discover(transport, signal))).toMatchObject({
      kind: "upstream",
      message: "The model server refused this gateway's access.",
      cause: { details: text },
    });
  });

  test("that keeps its models' configurations from us is spoken to without them", async () => {
    const text = "This protocol is restricted, expecting header 'triton-grpc-protocol-admin'";
    const { transport } = await start(answering({ ModelConfig: () => [14, text] }));

    expect(await describeModel(transport, "a", signal)).not.toHaveProperty("config");
  });

  for (const method of ["ServerMetadata", "RepositoryIndex", "ModelMetadata", "ModelConfig"]) {
    test(`whose ${method} is not protobuf is malformed`, async () => {
      const { transport } = await start((call) => {
        call.send(Uint8Array.of(0x0a, 0xff));
        call.end();
      });
      const asked = method.startsWith("Model")
        ? describeModel(transport, "a", signal)
        : discover(transport, signal);

      expect(await rejection(asked)).toMatchObject({
        kind: "upstream",
        message: "The model server's answer is malformed.",
      });
    });
  }

  test("is not asked any more once the caller has left", async () => {
    const controller = new AbortController();
    const { transport } = await start(() => controller.abort(new Error("left")));

    expect(await rejection(discover(transport, controller.signal))).toMatchObject({ kind: "canceled" });
  });
});

describe("a model that is named", () => {
  test("is described without the list", async () => {
    const { server, transport } = await start(
      answering({ ModelMetadata: () => ({ name: "other", ...vllm }) }),
    );

    const profile = await describeModel(transport, "llama", signal);

    expect(profile).toMatchObject({ name: "llama", metadata: { platform: "vllm" } });
    expect(profile.config).toBeUndefined();
    expect(
      server.calls.map(({ method, request }) => `${method} ${String(request["name"])}`).toSorted(),
    ).toEqual(["ModelConfig llama", "ModelMetadata llama"]);
  });

  test("is not found when the server says so", async () => {
    const { transport } = await start(answering({ ModelMetadata: () => [5, "Model 'a' not found"] }));

    expect(await rejection(describeModel(transport, "a", signal))).toMatchObject({
      kind: "not_found",
      code: "model_not_found",
    });
  });

  const states: readonly [string, Answer, object | undefined][] = [
    ["ready", { ready: true }, undefined],
    ["not ready", { ready: false }, { kind: "unavailable", code: "upstream_unavailable" }],
    ["unknown", [5, "no such model"], { kind: "not_found" }],
    ["not to be asked about", undefined, undefined],
  ];
  for (const [what, answer, failure] of states) {
    test(`and is ${what} on a server that describes none ${failure === undefined ? "is taken" : "is refused"}`, async () => {
      const { transport } = await start(answering({ ModelReady: () => answer }));

      const outcome = describeModel(transport, "a", signal);

      if (failure === undefined) expect(await outcome).toEqual({ name: "a" });
      else expect(await rejection(outcome)).toMatchObject(failure);
    });
  }
});
