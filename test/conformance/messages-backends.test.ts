import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startGateway, type Gateway } from "../support/harness.ts";
import { hello, postMessage, textOf } from "../support/message-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post } from "../support/wire.ts";
import { startBedWith, type Bed } from "./bed.ts";
import { image, look, pdf, schema, search, text, user } from "./message-fixtures.ts";

describeBlackBox("Messages, in front of AnyServe", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBedWith(
      { echo: {}, small: { behaviour: "echo" } },
      {
        config: {
          models: { echo: { backend: "echo" }, small: { backend: "small", max_context_tokens: 20 } },
        },
      },
    );
  });
  afterAll(() => bed.stop());

  const ask = (body: Readonly<Record<string, unknown>>) =>
    postMessage(bed.gateway.url, { model: "echo", ...body });

  test("M-01: an answer is counted where the backend counts nothing", async () => {
    const { json } = await ask(user(text("one two three")));

    expect(json).toMatchObject({ content: [text("one two three")], stop_reason: "end_turn" });
    expect(json.usage.input_tokens).toBeGreaterThan(3);
    expect(json.usage.output_tokens).toBe(3);
  });

  test("M-15, M-16: stop sequences and the limit hold", async () => {
    const stopped = await ask({ ...user(text("one END two")), stop_sequences: ["END"] });
    const cut = await ask({ ...user(text("one two three")), max_tokens: 2 });

    expect(stopped.json).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
    expect(textOf(stopped.json)).toBe("one ");
    expect(cut.json).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 2 } });
    expect(textOf(cut.json)).toBe("one two ");
  });

  test("M-04, M-05: what the model cannot see is refused, by its place", async () => {
    for (const block of [image, { type: "document", source: pdf }]) {
      const { status, text: body } = await ask({
        system: "Be brief.",
        messages: [
          ...hello.messages,
          { role: "assistant", content: "a" },
          { role: "user", content: [block] },
        ],
      });

      expect(status).toBe(400);
      expect(body).toContain("messages[2]: This model does not take content of the type");
    }
  });

  test("M-17: what has no effect is named", async () => {
    const { headers } = await ask({ top_k: 5, thinking: { type: "enabled", budget_tokens: 1_024 } });

    expect(headers.get("x-oai-serve-ignored-params")).toContain("thinking");
  });

  test("M-40: counting takes what is too long for the model, which an answer does not", async () => {
    const body = { model: "small", messages: [{ role: "user", content: "word ".repeat(100) }] };
    const before = (await bed.anyserve.generations()).length;

    const counted = await post<{ input_tokens: number }>(`${bed.gateway.url}/v1/messages/count_tokens`, body);
    const refused = await postMessage(bed.gateway.url, body);

    expect(counted.json.input_tokens).toBeGreaterThan(100);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain("maximum context length");
    expect((await bed.anyserve.generations()).length).toBe(before);
  });
});

describeBlackBox("Messages, with the demo model", () => {
  let gateway: Gateway;
  let strict: Gateway;
  beforeAll(async () => {
    [gateway, strict] = await Promise.all([
      startGateway({ args: ["--demo-delay", "0"] }),
      startGateway({ args: ["--demo-delay", "0", "--strict"] }),
    ]);
  });
  afterAll(() => Promise.all([gateway.stop(), strict.stop()]));

  test("M-12: a tool is called with arguments that fit, and its outcome is answered", async () => {
    const first = await postMessage(gateway.url, { tools: [look] });
    const [call] = first.json.content;
    if (call?.type !== "tool_use") throw new Error("No call.");

    const second = await postMessage(gateway.url, {
      tools: [look],
      messages: [
        ...hello.messages,
        { role: "assistant", content: first.json.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sunny" }] },
      ],
    });

    expect(first.json.stop_reason).toBe("tool_use");
    expect(call).toMatchObject({ name: "look", input: { city: expect.any(String) } });
    expect(textOf(second.json)).toContain("The tool `look` answered: sunny");
  });

  for (const tools of [[look], [{ ...look, strict: true }]]) {
    test(`M-14: a forced call comes, ${"strict" in (tools[0] ?? {}) ? "strict" : "plain"}`, async () => {
      const { json } = await postMessage(gateway.url, { tools, tool_choice: { type: "any" } });

      expect(json.content.map(({ type }) => type)).toEqual(["tool_use"]);
    });
  }

  test("M-19: an answer follows its schema", async () => {
    const { json } = await postMessage(gateway.url, {
      output_config: { format: { type: "json_schema", schema } },
    });

    expect(JSON.parse(textOf(json))).toEqual({ city: expect.any(String) });
  });

  describe("M-13, M-20: with --strict", () => {
    for (const [name, body] of [
      ["tools.web_search_20250305", { tools: [search] }],
      ["context_management", { context_management: {} }],
      ["min_p", { min_p: 0.1 }],
    ] as const) {
      test(`${name} is refused by name`, async () => {
        const { status, text: refusal } = await postMessage(strict.url, body);

        expect(status).toBe(400);
        expect(refusal).toContain(name);
      });
    }

    test("a request of nothing but what has an effect is answered", async () => {
      const { status } = await postMessage(strict.url, { metadata: { user_id: "u" }, tools: [look] });

      expect(status).toBe(200);
    });
  });

  test("M-40: a count is what the usage says", async () => {
    const body: Record<string, unknown> = { system: "Be brief.", tools: [look], ...user(text("Łódź?")) };
    const counted = await post<{ input_tokens: number }>(`${gateway.url}/v1/messages/count_tokens`, body);
    const { json } = await postMessage(gateway.url, body);

    expect(counted.json).toEqual({ input_tokens: json.usage.input_tokens });
  });
});
