import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectError, expectNoBackendDetail } from "../../support/expectations.ts";
import { runBinary } from "../../support/harness.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { describeServer } from "../../support/servers/describe-server.ts";
import { startServer } from "../../support/servers/servers.ts";
import { post, send } from "../../support/wire.ts";
import { answering, models, servers } from "./all-dialects.ts";
import { serveModels } from "./bed.ts";
import { ask, listed, pangram } from "./listed.ts";
import { gateways, shared, sharedServer } from "./running.ts";

const key = "protocol-key-4711";
const header = "triton-grpc-protocol-gate";

const backend = (endpoint: string, value = "${env:TRITON_KEY}") => ({
  backends: { kserve: { kind: "kserve", endpoint, metadata: { [header]: value, "x-team": "search" } } },
});

describeBlackBox("A server whose protocols are restricted", () => {
  const server = sharedServer({
    models: [{ dialect: "vllm" }, { dialect: "trtllm-unary" }, { dialect: "embedding" }],
    requireHeader: { name: header, value: key },
  });
  const inferenceOnly = sharedServer({
    models: [{ dialect: "vllm" }],
    requireHeader: { name: header, value: key, groups: ["inference"] },
  });
  const start = gateways();
  const environment = { TRITON_KEY: key };

  test("is sent the metadata of the configuration with every call of every kind", async () => {
    const { url } = await start({ config: backend(server().endpoint), environment });

    expect(await listed(url)).toEqual(["vllm_model", "ensemble", "embedding"]);
    for (const model of ["vllm_model", "ensemble"])
      for (const stream of [false, true]) expect((await ask(url, model, { stream })).status).toBe(200);
    for (const model of ["vllm_model", "embedding"])
      expect((await post(`${url}/v1/embeddings`, { model, input: "x" })).status).toBe(200);
    expect((await send(`${url}/health`)).status).toBe(200);

    const calls = await server().requests({});
    expect([...new Set(calls.map(({ rpc }) => rpc))].toSorted()).toEqual([
      "ModelConfig",
      "ModelInfer",
      "ModelMetadata",
      "ModelStreamInfer",
      "RepositoryIndex",
      "ServerMetadata",
      "ServerReady",
    ]);
    for (const { metadata } of calls) expect(metadata).toMatchObject({ [header]: key, "x-team": "search" });
  });

  test("is reached by check and probe too, which do not show it", async () => {
    const { directory } = await start({ config: backend(server().endpoint), environment });
    const file = join(directory, "literal.yaml");
    writeFileSync(file, JSON.stringify(backend(server().endpoint, key)));

    const checked = await runBinary(["check", "--config", file]);
    const probed = await runBinary(["probe", server().endpoint, "--config", file]);

    expect([checked.code, probed.code]).toEqual([0, 0]);
    for (const { stdout, stderr } of [checked, probed]) expect(stdout + stderr).not.toContain(key);
  });

  for (const [what, metadata] of [
    ["without the header", undefined],
    ["with a wrong value", { [header]: "another-value-4712" }],
  ] as const) {
    test(`${what} it is up and refuses: 502 that no retry mends`, async () => {
      const { url } = await start({
        config: {
          backends: {
            kserve: {
              kind: "kserve",
              endpoint: inferenceOnly().endpoint,
              ...(metadata === undefined ? {} : { metadata }),
            },
          },
        },
      });

      expect(await listed(url)).toEqual(["vllm_model"]);
      expect((await send(`${url}/health`)).status).toBe(200);
      for (const stream of [false, true]) {
        const answer = await ask(url, "vllm_model", { stream });

        const error = expectError(answer, { status: 502, code: "upstream_error" });
        expect(answer.headers.get("x-should-retry")).toBe("false");
        expect(error.message).not.toContain(header);
        expectNoBackendDetail(answer.text);
      }
    });
  }

  test("check and probe say what is wrong when all of it is restricted", async () => {
    const checked = await runBinary(["check", "--kserve-endpoint", server().endpoint]);
    const probed = await runBinary(["probe", server().endpoint]);

    for (const { code, stdout } of [checked, probed]) {
      expect(stdout).toContain("refused this gateway's access");
      expect(stdout).toContain(`expecting header '${header}'`);
      expect(code).toBe(1);
    }
  });

  test("the values of metadata are in no log, whatever is logged and whatever fails", async () => {
    const gateway = await start({
      config: {
        backends: {
          good: { kind: "kserve", endpoint: server().endpoint, metadata: { [header]: "${env:TRITON_KEY}" } },
          wrong: {
            kind: "kserve",
            endpoint: inferenceOnly().endpoint,
            metadata: { [header]: "${env:WRONG_KEY}" },
          },
          away: { kind: "kserve", endpoint: "127.0.0.1:1", metadata: { [header]: "${env:TRITON_KEY}" } },
        },
        models: {
          good: { backend: "good", target: "vllm_model" },
          wrong: { backend: "wrong", target: "vllm_model" },
          away: { backend: "away" },
        },
        log: { level: "debug", content: "full" },
      },
      environment: { ...environment, WRONG_KEY: "wrong-key-4713" },
    });

    const answers = await Promise.all(["good", "wrong", "away"].map((model) => ask(gateway.url, model)));

    expect(answers.map(({ status }) => status)).toEqual([200, 502, 503]);
    for (const text of [gateway.log(), ...answers.map((answer) => answer.text)]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain("wrong-key-4713");
    }
    expect(gateway.log()).toContain("GrpcError (14)");
  });
});

const trace = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=a:b,other=1",
};

describeBlackBox("What a call tells of its request", () => {
  const bed = serveModels({ servers, models });
  const ofTriton = new Set(["vllm", "ensemble", "bls", "unary", "llmapi", "generic", "mock"]);

  for (const { name } of answering) {
    test(`${name} is told its id and its trace`, async () => {
      const answer = await post(
        `${bed.url()}/chat/completions`,
        { model: name, ...user("Say something.") },
        { "x-request-id": `req-${name}-1`, ...trace },
      );

      const [arrived] = await bed.arrived();
      expect(answer.headers.get("x-request-id")).toBe(`req-${name}-1`);
      expect(arrived?.call.id).toBe(`req-${name}-1`);
      expect(arrived?.call.metadata).toMatchObject({ "x-request-id": `req-${name}-1`, ...trace });
    });
  }

  test("each of several calls for one request is told the same", async () => {
    await post(
      `${bed.url()}/chat/completions`,
      { model: "dynamo", n: 3, ...user("Say something.") },
      { "x-request-id": "req-shared", ...trace },
    );

    const arrived = await bed.arrived();
    expect(arrived.map(({ call }) => call.id)).toEqual(["req-shared", "req-shared", "req-shared"]);
    for (const { call } of arrived) expect(call.metadata).toMatchObject(trace);
  });

  test("embeddings are told too", async () => {
    const headers = { "x-request-id": "req-embed", ...trace };
    await post(`${bed.url()}/embeddings`, { model: "vllm", input: "x" }, headers);

    const [arrived] = await bed.arrived();
    expect(arrived?.call.id).toBe("req-embed");
    expect(arrived?.call.metadata).toMatchObject({ "x-request-id": "req-embed", ...trace });
  });

  test("a request without an id gets one, the same for the client and the server; a trace is not made up", async () => {
    const answer = await bed.chat({ model: "vllm", ...user("Say something.") });

    const [arrived] = await bed.arrived();
    expect(arrived?.call.id).toMatch(/^req_\w{20,}$/);
    expect(answer.headers.get("x-request-id")).toBe(arrived?.call.id ?? "none");
    expect(arrived?.call.metadata).not.toHaveProperty("traceparent");
    expect(arrived?.call.metadata).not.toHaveProperty("tracestate");
  });

  test("neither what is no trace nor any other header of the client's goes on", async () => {
    await post(
      `${bed.url()}/chat/completions`,
      { model: "vllm", ...user("Say something.") },
      { traceparent: "00-nonsense-01", authorization: "Bearer client-key", cookie: "a=b", "x-team": "mine" },
    );

    const [arrived] = await bed.arrived();
    for (const name of ["traceparent", "authorization", "cookie", "x-team"])
      expect(arrived?.call.metadata).not.toHaveProperty(name);
  });

  for (const { name } of answering.filter((model) => model.name !== "kserve")) {
    const isOfTriton = ofTriton.has(name);
    test(`${name} is ${isOfTriton ? "asked" : "not asked"} for Triton's statuses`, async () => {
      await bed.chat({ model: name, ...user("Say something.") });

      const [arrived] = await bed.arrived();
      expect(arrived?.call.metadata["triton_grpc_error"]).toBe(isOfTriton ? "true" : undefined);
      if (!isOfTriton) expect(arrived?.call.parameters).toEqual({});
    });
  }
});

describeBlackBox("Real servers", () => {
  describeServer("triton", "Triton with a restricted protocol", () => {
    const triton = shared(
      () => startServer("triton", { load: ["vllm_model"], requireHeader: `gate=${key}` }),
      (server) => server.close(),
    );
    const start = gateways();

    test("takes calls with the header, and tells its model of the request", async () => {
      const { url } = await start({
        config: backend(triton().endpoint),
        environment: { TRITON_KEY: key },
      });

      const answer = await post<{ choices: { message: { content: string } }[] }>(
        `${url}/v1/chat/completions`,
        { model: "vllm_model", ...user("Say something.") },
        { "x-request-id": "req-real", ...trace },
      );

      expect(answer.json.choices[0]?.message.content).toBe(pangram);
      const [request] = await triton().waitFor({ model: "vllm_model" });
      expect(request?.metadata).toMatchObject({
        "x-request-id": "req-real",
        "x-team": "search",
        triton_grpc_error: "true",
        ...trace,
      });
    });

    test("refuses calls without it, and is not taken to be down", async () => {
      const { url } = await start({ args: ["--kserve-endpoint", triton().endpoint] });

      const answers = await Promise.all([false, true].map((stream) => ask(url, "vllm_model", { stream })));

      for (const answer of answers) {
        expectError(answer, { status: 502, code: "upstream_error" });
        expect(answer.text).not.toContain("triton-grpc-protocol");
      }
      expect((await send(`${url}/health`)).status).toBe(200);
    });
  });
});
