import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { startUpstreamBed, type UpstreamBed } from "../e2e/upstreams/bed.ts";
import requests from "../fixtures/messages/assistant.json" with { type: "json" };
import { startGateway, type Gateway } from "../support/harness.ts";
import { messageEvents } from "../support/message-events.ts";
import { hello, postMessage, streamMessage, textOf } from "../support/message-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import type { UpstreamAnswer } from "../support/upstream/upstream.ts";
import { post } from "../support/wire.ts";

interface Recorded {
  name: string;
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

const recorded: readonly Recorded[] = JSON.parse(JSON.stringify(requests));

function named(name: string): Recorded {
  const found = recorded.find((request) => request.name === name);
  if (found === undefined) throw new Error(`There is no request "${name}".`);
  return found;
}

/** Requests as a coding assistant on a command line makes them. */
describeBlackBox("M-52: a coding assistant", () => {
  let bed: UpstreamBed;
  let answer: UpstreamAnswer;
  beforeAll(async () => {
    bed = await startUpstreamBed(() => answer, {
      config: {
        models: {
          "assistant-large": { backend: "up", target: "gpt-4o-mini" },
          "assistant-small": { backend: "up", target: "gpt-4o-mini" },
        },
      },
    });
  });
  afterAll(() => bed.stop());
  beforeEach(() => {
    answer = {
      reasoning: "Hm.",
      text: "I look.",
      toolCalls: [{ id: "call_1", name: "Read", arguments: { file_path: "/home/me/project/main.c" } }],
    };
  });

  const ask = ({ path, headers, body }: Recorded) =>
    post<Message>(`${bed.gateway.url}${path}`, body, headers);
  const lastBody = () => bed.upstream.calls.at(-1)?.body ?? {};

  for (const request of recorded) {
    test(`is served with ${request.name}`, async () => {
      if (request.name.includes("title")) answer = { text: '{"title":"The build fails"}' };

      const { status, text } = await ask(request);

      expect(status).toBe(200);
      if (request.body["stream"] === true) {
        expect(messageEvents(text).at(-1)?.event).toBe("message_stop");
      } else {
        expect(JSON.parse(text)).toSatisfy(
          (json: object) => "input_tokens" in json || ("type" in json && json.type === "message"),
        );
      }
    });
  }

  test("has all of its tools, and is told which are left out", async () => {
    const request = named("the first question");

    const { headers } = await ask(request);

    const { tools, reasoning_effort: effort, max_tokens: limit, ...rest } = lastBody();
    expect(tools).toHaveLength(17);
    expect({ effort, limit }).toEqual({ effort: "medium", limit: 32_000 });
    expect(Object.keys(rest).toSorted()).toEqual(["messages", "model", "stream", "stream_options"]);
    expect(headers.get("x-oai-serve-ignored-params")).toBe("tools.web_search_20250305, context_management");
  });

  test("has its instructions, its calls and their outcomes arrive in order, and its thoughts not", async () => {
    await ask(named("a turn that was broken off, and the next"));

    const { messages } = lastBody();
    const roles: unknown = JSON.parse(JSON.stringify(messages), (key, value: unknown) =>
      /^\d+$/.test(key) && typeof value === "object" && value !== null && "role" in value
        ? value.role
        : value,
    );
    expect(roles).toEqual(["system", "user", "assistant", "tool", "tool", "user", "assistant", "user"]);
    const json = JSON.stringify(messages);
    expect(json).not.toContain("I should look at the build.");
    expect(json).not.toContain("EmwKAhgB");
    expect(json).toContain("Error: main.c:3");
    expect(json).toContain("[Request interrupted by user]\\n\\nMend it, please.");
  });

  test("gets calls with the ids by which it answers them", async () => {
    const { text } = await ask(named("outcomes of tools"));

    const starts = messageEvents(text).flatMap(({ data }) =>
      data.type === "content_block_start" ? [data.content_block] : [],
    );
    expect(starts).toMatchObject([
      { type: "thinking" },
      { type: "text" },
      { type: "tool_use", id: "call_1", name: "Read" },
    ]);
  });
});

const agents = `
import { createRegistry, defineAgent } from "oai-serve";

async function* run({ messages, userQuery }) {
  const last = messages.at(-1);
  if (last?.role === "tool") yield "It is " + last.content + ".";
  else if (userQuery.startsWith("Weather")) {
    yield { type: "tool-call", name: "look", arguments: { city: "Łódź" } };
  } else yield* ["You said: ", messages.map(({ content }) => content).join(" | ")];
}

export const registry = createRegistry();
registry.register("echoing", defineAgent({ name: "echoing", description: "Answers.", run }));
`;

describeBlackBox("M-53: an agent", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--agent", "agents.ts"], files: { "agents.ts": agents } });
  });
  afterAll(() => gateway.stop());
  const look = { name: "look", input_schema: { type: "object", properties: { city: { type: "string" } } } };

  test("answers, whole and streamed", async () => {
    const { json } = await postMessage(gateway.url, { model: "echoing" });
    const { events } = await streamMessage(gateway.url, { model: "echoing" });

    expect(textOf(json)).toBe("You said: Hi");
    expect(json.usage.output_tokens).toBeGreaterThan(0);
    expect(events.at(-1)?.event).toBe("message_stop");
  });

  test("is given the whole conversation, each time anew", async () => {
    const body = {
      model: "echoing",
      messages: [...hello.messages, { role: "assistant", content: "Yes?" }, { role: "user", content: "Hm" }],
    };

    const first = await postMessage(gateway.url, body);
    const second = await postMessage(gateway.url, body);

    expect([textOf(first.json), textOf(second.json)]).toEqual(
      Array.from({ length: 2 }, () => "You said: Hi | Yes? | Hm"),
    );
  });

  describe("calls the client's tool", () => {
    test("and goes on with its outcome", async () => {
      const question = { role: "user", content: "Weather?" };
      const first = await postMessage(gateway.url, { model: "echoing", tools: [look], messages: [question] });
      const [call] = first.json.content;
      if (call?.type !== "tool_use") throw new Error("No call.");

      const second = await postMessage(gateway.url, {
        model: "echoing",
        tools: [look],
        messages: [
          question,
          { role: "assistant", content: first.json.content },
          { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sunny" }] },
        ],
      });

      expect(call).toMatchObject({ name: "look", input: { city: "Łódź" } });
      expect(textOf(second.json)).toBe("It is sunny.");
    });
  });
});
