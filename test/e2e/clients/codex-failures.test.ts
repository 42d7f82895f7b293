import { expect } from "bun:test";
import { clientTest } from "../../support/client-matrix/client-test.ts";
import { readCodexTurn } from "../../support/codex/reader.ts";
import { codexRequest, postAsCodex } from "../../support/codex/requests.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { rejection } from "../../support/rejection.ts";
import { serveModels } from "../servers/bed.ts";
import { startUpstreamBed } from "../upstreams/bed.ts";

const first = codexRequest("first-turn");

function check(name: string, body: () => Promise<void>): void {
  clientTest({ client: "codex", surface: "responses", feature: "errors" }, name, body);
}

describeBlackBox("Codex, requests in its form, before a server that is small or busy", () => {
  const bed = serveModels({
    servers: { triton: [{ dialect: "vllm" }] },
    models: {
      model: { backend: "triton", target: "vllm_model", template: "qwen" },
      small: { backend: "triton", target: "vllm_model", template: "qwen", max_context_tokens: 50 },
    },
    config: { limits: { max_concurrency: 1, max_queue: 0 } },
  });

  const ask = (model: string, signal?: AbortSignal) => postAsCodex(bed.url(), { ...first, model }, signal);

  check("132: too much for the context says so", async () => {
    const failure = await rejection(ask("small").then((response) => readCodexTurn(response)));

    expect(failure).toMatchObject({ status: 400, code: "context_length_exceeded" });
    expect(String(failure)).toContain("context window");
  });

  check("132: a model that does not exist", async () => {
    const failure = await rejection(ask("nobody").then((response) => readCodexTurn(response)));

    expect(failure).toMatchObject({ status: 404, code: "model_not_found" });
  });

  check("132: a server without room says so, and when to come again", async () => {
    const server = bed.server("triton");
    await server.fault({ pieces: ["one "], hang: true }, "vllm_model");
    const leaving = new AbortController();
    await ask("model", leaving.signal);

    const refused = await ask("model");
    leaving.abort();
    await server.cancelled(1);
    await server.fault(undefined, "vllm_model");

    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await rejection(readCodexTurn(refused))).toMatchObject({
      status: 503,
      code: "server_is_overloaded",
    });
  });
});

describeBlackBox("Codex, requests in its form, before an upstream with limits", () => {
  for (const [code, headers, text] of [
    ["rate_limit_exceeded", { "retry-after": "2" }, /try again in 2s/],
    ["insufficient_quota", {}, /quota/],
  ] as const) {
    check(`132: ${code} is told in words that it knows`, async () => {
      const error = { message: "No more quota.", type: "requests", param: null, code };
      const bed = await startUpstreamBed(() => ({ whole: { error }, status: 429, headers }));

      try {
        const response = await postAsCodex(bed.url, { ...first, model: "gpt-4o-mini" });
        const failure = await rejection(readCodexTurn(response));

        expect(failure).toMatchObject({ status: 429, code });
        expect(String(failure)).toMatch(text);
      } finally {
        await bed.stop();
      }
    });
  }
});
