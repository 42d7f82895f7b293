import { afterEach, expect, test } from "bun:test";
import type { Gateway } from "../../support/harness.ts";
import type { ChatBody, ModelBody } from "../../support/openai-wire.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post, send } from "../../support/wire.ts";
import { createServers } from "./bed.ts";

const ask = (gateway: Gateway, body: Record<string, unknown> = {}) =>
  post<ChatBody>(`${gateway.url}/v1/chat/completions`, { ...user("Hi"), ...body });

describeBlackBox("An OpenAI-compatible upstream lists its models as", () => {
  const servers = createServers();
  afterEach(() => servers.close());

  const made = { object: "model", created: 1_763_600_000 };
  for (const [server, list, expected] of [
    [
      "Ollama",
      { object: "list", data: [{ id: "llama3.2:latest", ...made, owned_by: "library" }] },
      [{ id: "llama3.2:latest", owned_by: "library" }],
    ],
    [
      "vLLM",
      {
        object: "list",
        data: [
          {
            id: "Qwen/Qwen3-8B",
            ...made,
            owned_by: "vllm",
            root: "/models/qwen",
            parent: null,
            max_model_len: 40,
            permission: [{ id: "modelperm-1", object: "model_permission" }],
          },
        ],
      },
      [{ id: "Qwen/Qwen3-8B", owned_by: "vllm" }],
    ],
    [
      "llama.cpp",
      {
        models: [{ name: "/models/a.gguf", model: "/models/a.gguf", details: {} }],
        object: "list",
        data: [
          { id: "/models/a.gguf", ...made, owned_by: "llamacpp", meta: { n_ctx: 40, n_ctx_train: 4_096 } },
        ],
      },
      [{ id: "/models/a.gguf", owned_by: "llamacpp" }],
    ],
    [
      "Together, without an envelope,",
      [{ id: "meta-llama/Llama-3", object: "model", context_length: 40, organization: "Meta" }, { id: 7 }],
      [{ id: "meta-llama/Llama-3", owned_by: "upstream" }],
    ],
    [
      "Gemini",
      { object: "list", data: [{ id: "models/gemini-2.5-flash", object: "model", owned_by: "google" }] },
      [{ id: "gemini-2.5-flash", owned_by: "google" }],
    ],
  ] as const) {
    test(`${server} does`, async () => {
      const upstream = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: ({ url }) =>
          url.endsWith("/models")
            ? Response.json(list)
            : Response.json({ choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] }),
      });
      servers.defer(() => upstream.stop(true));
      const gateway = await servers.gateway({ args: ["--openai-base-url", upstream.url.href] });

      const { json } = await send<{ data: ModelBody[] }>(`${gateway.url}/v1/models`);
      const [first] = json.data;
      const answer = await ask(gateway, { model: first?.id });

      expect(json.data).toMatchObject([...expected]);
      expect(answer.json.choices[0]?.message.content).toBe("Hi");
      const isSmall = JSON.stringify(list).includes(":40");
      const long = await ask(gateway, { model: first?.id, ...user("word ".repeat(200)) });
      expect(long.status).toBe(isSmall ? 400 : 200);
    });
  }

  test("nothing: then the models have to be named", async () => {
    const upstream = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ url }) =>
        url.endsWith("/models")
          ? new Response("404 page not found", { status: 404 })
          : Response.json({ choices: [{ message: { content: "Hi" } }] }),
    });
    servers.defer(() => upstream.stop(true));
    const gateway = await servers.gateway({
      args: ["--openai-base-url", upstream.url.href, "--model", "the-model"],
    });

    expect((await ask(gateway)).json).toMatchObject({ model: "the-model" });
    expect((await send(`${gateway.url}/health`)).status).toBe(200);
  });
});
