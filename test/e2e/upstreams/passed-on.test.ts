import { afterEach, expect, test } from "bun:test";
import type { Gateway } from "../../support/harness.ts";
import type { ChatBody } from "../../support/openai-wire.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post } from "../../support/wire.ts";
import { createServers } from "./bed.ts";

const ask = (gateway: Gateway, body: Record<string, unknown> = {}) =>
  post<ChatBody>(`${gateway.url}/v1/chat/completions`, { ...user("Hi"), ...body });

describeBlackBox("An OpenAI-compatible upstream gets", () => {
  const servers = createServers();
  afterEach(() => servers.close());

  test("what the client sent that is for it, and nothing that is for this server", async () => {
    const forwarded = {
      temperature: 0.2,
      top_p: 0.9,
      top_k: 7,
      seed: 1,
      stop: ["###"],
      presence_penalty: 0.1,
      frequency_penalty: 0.3,
      logit_bias: { "50256": -100 },
      user: "u-1",
      service_tier: "flex",
      safety_identifier: "s-1",
      prompt_cache_key: "c-1",
      reasoning_effort: "low",
      min_p: 0.05,
      chat_template_kwargs: { enable_thinking: false },
      web_search_options: {},
    };
    const upstream = await servers.upstream();
    const gateway = await servers.gateway({ args: ["--openai-base-url", upstream.url] });

    const answer = await ask(gateway, {
      ...forwarded,
      max_completion_tokens: 9,
      metadata: { team: "a" },
      conversation_id: "c1",
      include_steps: true,
      store: false,
    });

    expect(answer.headers.get("x-oai-serve-ignored-params")).toBe("include_steps");
    expect(upstream.calls[0]?.body).toEqual({
      model: "gpt-4o-mini",
      ...user("Hi"),
      ...forwarded,
      max_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("the request's id and its trace, and none of the client's own headers", async () => {
    const upstream = await servers.upstream();
    const gateway = await servers.gateway({
      args: ["--openai-base-url", upstream.url, "--api-key", "key-of-ours"],
    });
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    const { headers } = await post(`${gateway.url}/v1/chat/completions`, user("Hi"), {
      authorization: "Bearer key-of-ours",
      cookie: "a=b",
      traceparent,
      "openai-organization": "org-client",
    });

    const sent = upstream.calls[0]?.headers;
    expect(sent).toMatchObject({ traceparent, "x-request-id": headers.get("x-request-id") ?? "none" });
    for (const name of ["authorization", "cookie", "openai-organization"]) {
      expect(sent).not.toHaveProperty(name);
    }
  });

  test("OpenAI's own names, where it is OpenAI", async () => {
    const upstream = await servers.upstream(undefined, { models: ["o3-mini"] });
    const gateway = await servers.gateway({
      config: { backends: { up: { kind: "openai", base_url: upstream.url, provider: "openai" } } },
    });

    await ask(gateway, {
      max_tokens: 9,
      n: 2,
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
    });

    expect(upstream.calls[0]?.body).toMatchObject({
      max_completion_tokens: 9,
      n: 2,
      messages: [{ role: "developer" }, { role: "user" }],
    });
    expect(upstream.calls[0]?.body).not.toHaveProperty("max_tokens");
  });
});
