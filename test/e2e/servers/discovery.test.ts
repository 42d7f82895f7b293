import { Client, credentials } from "@grpc/grpc-js";
import { expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { runBinary, startGateway } from "../../support/harness.ts";
import type { ModelBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { until } from "../../support/sources.ts";
import { describeServer } from "../../support/servers/describe-server.ts";
import { startServer } from "../../support/servers/servers.ts";
import { send } from "../../support/wire.ts";
import { ask, listed, pangram, saidBy, untilAnswer, untilListed } from "./listed.ts";
import { gateways, kserve, shared, sharedServer } from "./running.ts";

describeBlackBox("A Triton server of many models", () => {
  const server = sharedServer([
    { dialect: "vllm" },
    { dialect: "trtllm" },
    { dialect: "preprocessing" },
    { dialect: "classifier" },
    { dialect: "embedding" },
    { dialect: "generic", model: "coming", state: "LOADING" },
    { dialect: "generic", model: "going", state: "UNLOADING" },
    { dialect: "generic", model: "broken", state: "UNAVAILABLE", reason: "no such file" },
  ]);
  const gateway = shared(
    () => startGateway({ args: ["--kserve-endpoint", server().endpoint] }),
    (running) => running.stop(),
  );

  test("serves those that are ready and give text or embeddings, and no others", async () => {
    const { url } = gateway();

    expect(await listed(url)).toEqual(["vllm_model", "ensemble", "embedding"]);
    for (const model of ["preprocessing", "classifier", "coming", "going", "broken", "absent"]) {
      expectError(await ask(url, model), { status: 404, code: "model_not_found", param: "model" });
      expectError(await send(`${url}/v1/models/${model}`), { status: 404, code: "model_not_found" });
    }
    expect(await server().requests()).toEqual([]);
  });

  test("serves one that is loaded, and no more one that is unloaded", async () => {
    const { url } = gateway();

    await server().load({ dialect: "generic", model: "new" });
    await server().unload("ensemble");
    await untilListed(url, ["vllm_model", "embedding", "new"]);

    expect(saidBy(await ask(url, "new"))).toBe(pangram);
    expectError(await ask(url, "ensemble"), { status: 404, code: "model_not_found" });
  });

  test("serves one that is loaded to who asks for it, without a look at the list", async () => {
    const { url } = gateway();

    await server().load({ dialect: "generic", model: "newer" });

    const answer = await untilAnswer(
      () => ask(url, "newer"),
      ({ status }) => status !== 404,
    );
    expect(saidBy(answer)).toBe(pangram);
  });
});

describeBlackBox("Models that the operator names", () => {
  const server = sharedServer([
    { dialect: "vllm" },
    { dialect: "generic", model: "coming", state: "LOADING" },
    { dialect: "classifier" },
    { dialect: "llmapi", model: "api" },
  ]);
  const start = gateways();

  test("are listed when the server has them ready, and otherwise answer what is the matter", async () => {
    const { url } = await start({
      config: {
        backends: { triton: kserve(server()) },
        models: {
          chat: { backend: "triton", target: "vllm_model", aliases: ["gpt-4o"] },
          later: { backend: "triton", target: "coming", aliases: ["soon"] },
          scores: { backend: "triton", target: "classifier" },
          absent: { backend: "triton" },
        },
      },
    });

    await untilListed(url, ["chat"]);
    for (const model of ["later", "soon", "scores", "absent", "vllm_model"])
      expectError(await ask(url, model), { status: 404, code: "model_not_found", param: "model" });
    for (const model of ["chat", "gpt-4o", undefined]) expect(saidBy(await ask(url, model))).toBe(pangram);

    await server().setState("coming", "READY");

    for (const model of ["later", "soon"]) expect(saidBy(await ask(url, model))).toBe(pangram);
    await untilListed(url, ["chat", "later"]);
  });

  test("have the dialect that is set for them, or for their server", async () => {
    const tensors = { prompt: "text_input", stream: "streaming", text: "text_output" };
    const { url } = await start({
      config: {
        backends: { triton: kserve(server(), { dialect: "vllm" }) },
        models: {
          right: { backend: "triton", target: "api", dialect: "llmapi" },
          wrong: { backend: "triton", target: "api" },
          mapped: { backend: "triton", target: "api", dialect: "generic", tensors },
        },
      },
    });
    await server().reset();

    for (const model of ["right", "wrong", "mapped"]) expect(saidBy(await ask(url, model))).toBe(pangram);

    expect((await server().requests()).map(saysOwnName)).toEqual([true, false, false]);
  });

  test("are spoken to as --dialect says", async () => {
    const { url } = await start({ args: ["--kserve-endpoint", server().endpoint, "--dialect", "generic"] });
    await server().reset();

    expect(saidBy(await ask(url, "api"))).toBe(pangram);

    expect((await server().requests()).map(saysOwnName)).toEqual([false]);
  });
});

/** Whether a call has what only the dialect `llmapi` sends. */
function saysOwnName({ inputNames }: { inputNames: readonly string[] }): boolean {
  return inputNames.includes("sampling_param_exclude_input_from_output");
}

describeBlackBox("Several servers", () => {
  const first = sharedServer([{ dialect: "vllm", model: "shared" }, { dialect: "trtllm" }]);
  const second = sharedServer([{ dialect: "mlserver", model: "shared" }, { dialect: "mlserver-hf" }]);
  const start = gateways();

  test("are served together, and of two models of one name the first server's answers", async () => {
    const gateway = await start({
      config: { backends: { first: kserve(first()), second: kserve(second()) } },
    });
    const { url } = gateway;

    await untilListed(url, ["shared", "ensemble", "transformer"]);
    for (const model of ["shared", "ensemble", "transformer"])
      expect(saidBy(await ask(url, model))).toBe(pangram);

    expect((await first().requests()).map(({ model }) => model)).toEqual(["shared", "ensemble"]);
    expect((await second().requests()).map(({ model }) => model)).toEqual(["transformer"]);
    expect(gateway.log()).toMatch(/cannot be asked for: another has its id.*shared.*second.*first/);
  });

  test("may have models of one name, each under one of its own", async () => {
    const { url } = await start({
      config: {
        backends: { a: kserve(first()), b: kserve(second()) },
        models: {
          one: { backend: "a", target: "shared", aliases: ["shared"] },
          two: { backend: "b", target: "shared" },
        },
      },
    });
    await Promise.all([first().reset(), second().reset()]);

    for (const model of ["one", "two", "shared"]) expect((await ask(url, model)).status).toBe(200);

    expect(await first().requests()).toHaveLength(2);
    expect(await second().requests()).toHaveLength(1);
  });

  test("of the command line are all served, the first's model for requests that name none", async () => {
    const endpoints = [second(), first()].flatMap(({ endpoint }) => ["--kserve-endpoint", endpoint]);
    const { url } = await start({ args: [...endpoints, "--model", "mine"] });
    await second().reset();

    await untilListed(url, ["mine", "transformer", "shared", "ensemble"]);
    expect((await ask(url, undefined)).json.model).toBe("mine");
    expect((await second().requests()).map(({ model }) => model)).toEqual(["shared"]);
  });

  test("do not hide each other when one is down", async () => {
    const { url } = await start({
      args: ["--kserve-endpoint", "127.0.0.1:1", "--kserve-endpoint", first().endpoint],
    });

    expect(await listed(url)).toEqual(["shared", "ensemble"]);
    expect(saidBy(await ask(url, "shared"))).toBe(pangram);
  });
});

describeBlackBox("The age of a model", () => {
  const server = sharedServer([{ dialect: "vllm" }]);
  const start = gateways();

  test("is the same after a reload", async () => {
    const gateway = await start({ config: { backends: { triton: kserve(server()) } } });
    const ages = async () => {
      const { json } = await send<{ data: ModelBody[] }>(`${gateway.url}/v1/models`);
      return json.data.map(({ created }) => created);
    };
    const [created = 0] = await ages();
    // The clock that tells it counts seconds.
    await until(() => Date.now() / 1_000 > created + 1);

    process.kill(gateway.pid, "SIGHUP");
    await until(() => gateway.log().includes("Configuration reloaded"));

    expect(await ages()).toEqual([created]);
  });
});

describeBlackBox("A real server with a repository", () => {
  describeServer("triton", "Triton", () => {
    const triton = shared(
      () => startServer("triton", { load: ["vllm_model"] }),
      (server) => server.close(),
    );
    const start = gateways();

    test("is asked for what it has loaded, and tells why it does not serve the rest", async () => {
      const { url } = await start({ args: ["--kserve-endpoint", triton().endpoint] });
      expect(await listed(url)).toEqual(["vllm_model"]);

      await changeRepository(triton().endpoint, "RepositoryModelLoad", "python_text");
      await untilListed(url, ["vllm_model", "python_text"]);
      await changeRepository(triton().endpoint, "RepositoryModelUnload", "vllm_model");
      const unloaded = await untilAnswer(
        () => ask(url, "vllm_model"),
        ({ status }) => status !== 200,
      );
      const probed = await runBinary(["probe", triton().endpoint, "--model", "vllm_model"]);

      expect(saidBy(await ask(url, "python_text"))).toBe(pangram);
      expectError(unloaded, { status: 404, code: "model_not_found" });
      await untilListed(url, ["python_text"]);
      expect(probed.stdout).toMatch(/✗ vllm_model is not served: (unavailable|not loaded|unloading)/);
      expect(probed.code).toBe(1);
    });
  });
});

/** Triton's rpcs for that; their requests have the model's name in field 2. */
async function changeRepository(endpoint: string, rpc: string, model: string): Promise<void> {
  const client = new Client(endpoint, credentials.createInsecure());
  const done = Promise.withResolvers<void>();
  client.makeUnaryRequest(
    `/inference.GRPCInferenceService/${rpc}`,
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
    Buffer.from([0x12, model.length, ...Buffer.from(model)]),
    (error) => (error === null ? done.resolve() : done.reject(error)),
  );
  await done.promise.finally(() => client.close());
}
