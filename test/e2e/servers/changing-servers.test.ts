import { expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { startGateway } from "../../support/harness.ts";
import type { LookAlike, LookAlikeDialect } from "../../support/kserve/look-alike.ts";
import { chatText, type ChatChunk, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { until } from "../../support/sources.ts";
import { post, postStream, send } from "../../support/wire.ts";
import { ask, listed, pangram, saidBy, untilAnswer, untilListed } from "./listed.ts";
import { shared, sharedServer } from "./running.ts";

describeBlackBox("A server that comes and goes", () => {
  const server = sharedServer([{ dialect: "vllm" }]);
  const gateway = shared(
    async () => {
      await server().down();
      return await startGateway({ args: ["--kserve-endpoint", server().endpoint] });
    },
    (running) => running.stop(),
  );

  test("is found when it comes later", async () => {
    const { url } = gateway();
    expect(await listed(url)).toEqual([]);
    expectError(await ask(url, "vllm_model"), { status: 503, code: "upstream_unavailable" });
    expect((await send(`${url}/health`)).status).toBe(503);

    await server().up();

    const answer = await untilAnswer(
      () => ask(url, "vllm_model"),
      ({ status }) => status === 200,
    );
    expect(saidBy(answer)).toBe(pangram);
    await untilListed(url, ["vllm_model"]);
  });

  test("keeps its place in the list while it is away", async () => {
    const { url } = gateway();
    await server().down();

    for (const stream of [false, true]) {
      const answer = await ask(url, "vllm_model", { stream });
      expectError(answer, { status: 503, code: "upstream_unavailable" });
      expect(Number(answer.headers.get("retry-after"))).toBeWithin(1, 61);
    }
    expect(await listed(url)).toEqual(["vllm_model"]);
    await server().up();
  });

  test("may restart under load: what fails says so, and all is well after", async () => {
    const { url } = gateway();
    const over = new AbortController();
    const outcomes = new Map<string, number>();
    const call = async () => {
      while (!over.signal.aborted) {
        const { status, text } = await ask(url, "vllm_model", { stream: true });
        const isWhole = text.includes('"finish_reason":"stop"');
        expect(text).toMatch(status === 200 ? /data: \[DONE\]\n\n$/ : /"code":"upstream_unavailable"/);
        const outcome = status === 200 && !isWhole ? "cut" : String(status);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    const callers = Promise.all(Array.from({ length: 8 }, call));
    const more = async (outcome: string, count: number) => {
      const wanted = (outcomes.get(outcome) ?? 0) + count;
      await Promise.race([until(() => (outcomes.get(outcome) ?? 0) >= wanted, 20_000), callers]);
    };

    for (let round = 0; round < 3; round++) {
      await more("200", 20);
      await server().down();
      await more("503", 5);
      await server().up();
    }
    await more("200", 20);
    over.abort();
    await callers;

    for (const outcome of outcomes.keys()) expect(outcome).toMatch(/^(200|503|cut)$/);
  });
});

/** Models come back as others of the same server. */
const others: readonly [from: LookAlikeDialect, to: LookAlikeDialect][] = [
  ["vllm", "trtllm"],
  ["trtllm", "trtllm-unary"],
  ["generic", "mock"],
  ["llmapi", "generic"],
  ["trtllm-unary", "trtllm"],
  ["mock", "vllm"],
];
const ways: readonly [way: string, leave: (server: LookAlike, model: string) => Promise<void>][] = [
  ["unloaded", (server, model) => server.unload(model)],
  ["removed", (server, model) => server.remove(model)],
  ["loading again", (server, model) => server.setState(model, "LOADING")],
];

describeBlackBox("A known model", () => {
  const server = sharedServer([
    ...others.map(([dialect]) => ({ dialect, model: dialect })),
    ...ways.map(([way]) => ({ dialect: "generic" as const, model: way })),
    { dialect: "embedding" },
    { dialect: "trtllm-bls" },
  ]);
  const gateway = shared(
    () => startGateway({ args: ["--kserve-endpoint", server().endpoint] }),
    (running) => running.stop(),
  );

  for (const [way, leave] of ways) {
    test(`that is ${way} is 404 at once, streaming or not`, async () => {
      const { url } = gateway();
      expect((await ask(url, way)).status).toBe(200);

      await leave(server(), way);

      for (const stream of [false, true]) {
        const answer = await ask(url, way, { stream });
        expectError(answer, { status: 404, code: "model_not_found", param: "model" });
      }
      expect((await ask(url, "tensorrt_llm_bls")).status).toBe(200);
    });
  }

  for (const [from, to] of others) {
    test(`of ${from} that comes back as one of ${to} is noticed, and the same call works`, async () => {
      const { url } = gateway();
      expect(saidBy(await ask(url, from))).toBe(pangram);

      await server().load({ dialect: to, model: from });
      const whole = await ask(url, from);
      await server().load({ dialect: from, model: from });
      const { chunks } = await postStream<ChatChunk>(`${url}/v1/chat/completions`, {
        model: from,
        ...user("Say something."),
      });

      expect(saidBy(whole)).toBe(pangram);
      expect(chatText(chunks)).toBe(pangram);
    });
  }

  test("that embeds and comes back with another input still embeds", async () => {
    expect((await embed(gateway().url)).json.data[0]?.embedding).toHaveLength(16);

    await server().load({ dialect: "embedding", maxBatchSize: 8, dimensions: 32 });

    expect((await embed(gateway().url)).json.data[0]?.embedding).toHaveLength(32);
  });
});

function embed(url: string) {
  return post<Embeddings>(`${url}/v1/embeddings`, { model: "embedding", input: "x" });
}

interface Embeddings {
  data: { embedding: number[] }[];
}
