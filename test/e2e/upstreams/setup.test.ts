import { afterEach, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { expectError } from "../../support/expectations.ts";
import type { Gateway } from "../../support/harness.ts";
import type { ChatBody, ModelBody } from "../../support/openai-wire.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post, send } from "../../support/wire.ts";
import { runProgram } from "../agents/program.ts";
import { createServers } from "./bed.ts";

const ask = (gateway: Gateway, body: Record<string, unknown> = {}) =>
  post<ChatBody>(`${gateway.url}/v1/chat/completions`, { ...user("Hi"), ...body });
const idsOf = async (gateway: Gateway) => {
  const { json } = await send<{ data: ModelBody[] }>(`${gateway.url}/v1/models`);
  return json.data.map(({ id }) => id);
};

describeBlackBox("An OpenAI-compatible upstream is told", () => {
  const servers = createServers();
  afterEach(() => servers.close());

  test("by its address alone: every model of it, and the first for who names none", async () => {
    const upstream = await servers.upstream(undefined, { models: ["first", "second"] });
    const gateway = await servers.gateway({ args: ["--openai-base-url", upstream.url] });

    const answer = await ask(gateway);

    expect(await idsOf(gateway)).toEqual(["first", "second"]);
    expect(answer.json).toMatchObject({ model: "first", choices: [{ message: { content: "Hello" } }] });
    expect(upstream.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test("by an address without /v1, which is added", async () => {
    const upstream = await servers.upstream();
    const gateway = await servers.gateway({
      args: ["--openai-base-url", `http://127.0.0.1:${upstream.port}/`],
    });

    expect((await ask(gateway)).status).toBe(200);
    expect(upstream.calls[0]?.path).toBe("/v1/chat/completions");
  });

  test("by an environment variable, with a key of a variable that a flag names", async () => {
    const upstream = await servers.upstream();
    const gateway = await servers.gateway({
      args: ["--openai-api-key-env", "MY_KEY"],
      environment: { OAI_SERVE_OPENAI_BASE_URL: upstream.url, MY_KEY: "key-of-mine" },
    });

    await ask(gateway);

    expect(upstream.calls[0]?.headers.authorization).toBe("Bearer key-of-mine");
  });

  for (const [provider, variables, key] of [
    ["openai", { OPENAI_API_KEY: "key-1" }, "Bearer key-1"],
    ["gemini", { GOOGLE_API_KEY: "key-2" }, "Bearer key-2"],
    ["ollama", {}, undefined],
    ["vllm", { VLLM_API_KEY: "key-3" }, "Bearer key-3"],
  ] as const) {
    test(`by the provider ${provider}, whose address and key are in the environment`, async () => {
      const upstream = await servers.upstream();
      const gateway = await servers.gateway({
        args: ["--openai-provider", provider],
        environment: { [`${provider.toUpperCase()}_BASE_URL`]: upstream.url, ...variables },
      });

      expect((await ask(gateway, { model: "gpt-4o-mini" })).status).toBe(200);
      expect(upstream.calls[0]?.headers.authorization).toBe(key);
    });
  }

  test("by a configuration: headers, models by name, aliases, and what is set for one model", async () => {
    const upstream = await servers.upstream(undefined, { models: ["small", "large"] });
    const gateway = await servers.gateway({
      config: {
        backends: {
          up: {
            kind: "openai",
            base_url: upstream.url,
            headers: { "X-Team": "research" },
            organization: "org-1",
            project: "proj-1",
            defaults: { temperature: 0.5 },
          },
        },
        models: {
          chat: { backend: "up", target: "small", aliases: ["gpt-4o"], overrides: { max_tokens: 5 } },
          "up/large": { backend: "up", target: "large" },
        },
      },
    });

    const [aliased] = [await ask(gateway, { model: "gpt-4o" }), await ask(gateway, { model: "up/large" })];

    expect(await idsOf(gateway)).toEqual(["chat", "up/large"]);
    expect(aliased.json.model).toBe("gpt-4o");
    expect(upstream.calls.map(({ body }) => body)).toMatchObject([
      { model: "small", temperature: 0.5, max_tokens: 5 },
      { model: "large", temperature: 0.5 },
    ]);
    expect(upstream.calls[0]?.headers).toMatchObject({
      "x-team": "research",
      "openai-organization": "org-1",
      "openai-project": "proj-1",
    });
    expectError(await ask(gateway, { model: "small" }), { status: 404, code: "model_not_found" });
  });

  test("which models to serve: no others, whatever it lists, and without being asked", async () => {
    const upstream = await servers.upstream(undefined, { models: ["a", "b"] });
    const gateway = await servers.gateway({
      config: { backends: { up: { kind: "openai", base_url: upstream.url, models: ["b", "unlisted"] } } },
    });

    expect(await idsOf(gateway)).toEqual(["b", "unlisted"]);
    expect((await ask(gateway, { model: "unlisted" })).status).toBe(200);
    expectError(await ask(gateway, { model: "a" }), { status: 404 });
  });

  test("as private: for agents, and nobody else", async () => {
    const upstream = await servers.upstream(() => ({ text: "From the private model" }));
    const gateway = await servers.gateway({
      config: {
        backends: { up: { kind: "openai", base_url: upstream.url, private: true } },
        agents: { helper: { model: "gpt-4o-mini", system: "Help." } },
      },
      args: ["--store", "memory:"],
    });

    const answer = await ask(gateway, { model: "helper" });

    expect(await idsOf(gateway)).toEqual(["helper"]);
    expect(answer.json.choices[0]?.message.content).toBe("From the private model");
    expectError(await ask(gateway, { model: "gpt-4o-mini" }), { status: 404, code: "model_not_found" });
  });

  test("how many answers one call gives", async () => {
    const both = [0, 1].map((index) => ({
      index,
      message: { role: "assistant", content: `answer ${index}` },
      finish_reason: "stop",
    }));
    const upstream = await servers.upstream(() => ({ whole: { choices: both } }));
    const gateway = await servers.gateway({
      config: { backends: { up: { kind: "openai", base_url: upstream.url, max_choices: 4 } } },
    });

    const { json } = await ask(gateway, { n: 2 });

    expect(json.choices.map(({ message }) => message.content)).toEqual(["answer 0", "answer 1"]);
    expect(upstream.calls.map(({ body }) => body["n"])).toEqual([2]);
  });

  for (const [what, args, expected] of [
    ["a provider without its key", ["--openai-provider", "gemini"], /GEMINI_API_KEY \(or GOOGLE_API_KEY\)/],
    [
      "a variable that is not set",
      ["--openai-base-url", "http://127.0.0.1:1", "--openai-api-key-env", "NOT_SET"],
      /NOT_SET is not set/,
    ],
    [
      "an address with a password",
      ["--openai-base-url", "http://me:word@127.0.0.1:1"],
      /user name or a password/,
    ],
    ["an unknown provider", ["--openai-provider", "nobody"], /provider/],
  ] as const) {
    test(`${what} ends with exit code 2 and says what to do`, async () => {
      const { code, output } = await runProgram(`oai-serve --port 0 ${args.join(" ")}`);

      expect(code).toBe(2);
      expect(output).toMatch(expected);
      expect(output).not.toContain("word@");
    });
  }
});

describeBlackBox("An OpenAI-compatible upstream", () => {
  const servers = createServers();
  afterEach(() => servers.close());

  for (const { name, connect } of nodeGenerations) {
    test(`may be another oai-serve: ${name} finds no difference`, async () => {
      const behind = await servers.gateway({ args: ["--demo-delay", "0"] });
      const gateway = await servers.gateway({ args: ["--openai-base-url", `${behind.url}/v1`] });
      const clients = [connect(`${behind.url}/v1`), connect(`${gateway.url}/v1`)];

      const answers = await Promise.all(
        clients.map((client) =>
          client.chat.completions
            .stream({
              model: "demo",
              messages: [{ role: "user", content: "weather?" }],
              stream_options: { include_usage: true },
            })
            .finalChatCompletion(),
        ),
      );

      const [direct, through] = answers.map(({ choices, usage }) => ({ choices, usage }));
      expect(direct?.choices[0]?.message.content).toMatch(/\w/);
      expect(through).toEqual(direct);
    });
  }
});
