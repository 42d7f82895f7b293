import { describe, expect, test } from "bun:test";
import type { ChatChunk, ToolCallDelta } from "../../support/openai-wire.ts";
import { chatText } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels, spelled } from "./bed.ts";

const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "Weather to come.",
      parameters: {
        type: "object",
        properties: { city: { type: "string" }, days: { type: "integer" } },
        required: ["city"],
      },
    },
  },
  { type: "function", function: { name: "now" } },
];
const weather = { city: "Łódź", days: 2 };
const json = '{"city": "Łódź", "days": 2}';

interface Family {
  /** Settings of the model. */
  settings: Readonly<Record<string, unknown>>;
  /** An answer with a call of both tools, in the model's own words. */
  answer: string;
  /** Text before the calls, and behind them. */
  text?: string;
  /** Only one call fits the form. */
  isSingle?: boolean;
  /** The marks are special tokens, which the server has to leave in. */
  isSpecial?: boolean;
  /** What in the prompt tells the model of its tools. */
  offer: string;
}

const families: Readonly<Record<string, Family>> = {
  hermes: {
    settings: { template: "chatml" },
    answer: `I look.\n<tool_call>\n{"name": "get_weather", "arguments": ${json}}\n</tool_call>\n<tool_call>{"name": "now", "arguments": {}}</tool_call>\nDone.`,
    text: "I look.\n\nDone.",
    offer: "<tools>",
  },
  "qwen3-coder": {
    settings: { template: "qwen" },
    answer:
      "I look.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nŁódź\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
    text: "I look.\n",
    offer: "<tools>",
  },
  "llama3-json": {
    settings: { template: "llama3" },
    answer: `{"name": "get_weather", "parameters": ${json}}; {"name": "now", "parameters": {}}`,
    isSpecial: true,
    offer: '"name": "get_weather"',
  },
  "llama-pythonic": {
    settings: { template: "llama3", tool_parser: "llama-pythonic" },
    answer: "[get_weather(city='Łódź', days=2), now()]",
    isSpecial: true,
    offer: "get_weather",
  },
  mistral: {
    settings: { template: "mistral" },
    answer: `I look.[TOOL_CALLS][{"name": "get_weather", "arguments": ${json}}, {"name": "now", "arguments": {}}]`,
    text: "I look.",
    isSpecial: true,
    offer: "[AVAILABLE_TOOLS]",
  },
  "mistral of v11": {
    settings: { template: "mistral" },
    answer: `[TOOL_CALLS]get_weather[ARGS]${json}[TOOL_CALLS]now[ARGS]{}`,
    isSpecial: true,
    offer: "[AVAILABLE_TOOLS]",
  },
  granite: {
    settings: { template: "granite" },
    answer: `<|tool_call|>[{"name": "get_weather", "arguments": ${json}}, {"name": "now", "arguments": {}}]`,
    isSpecial: true,
    offer: "get_weather",
  },
  deepseek: {
    settings: { template: "deepseek" },
    answer: `I look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${json}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    text: "I look.",
    isSpecial: true,
    offer: "### get_weather",
  },
  phi: {
    settings: { template: "phi" },
    answer: `<|tool_call|>[{"name": "get_weather", "arguments": ${json}}, {"name": "now", "arguments": {}}]<|/tool_call|>`,
    isSpecial: true,
    offer: "get_weather",
  },
  "command-r": {
    settings: { template: "command-r" },
    answer: `I look.<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "get_weather", "parameters": ${json}},\n    {"tool_call_id": "1", "tool_name": "now", "parameters": {}}\n]<|END_ACTION|>`,
    text: "I look.",
    isSpecial: true,
    offer: "## Available Tools",
  },
  internlm: {
    settings: { template: "plain", tool_parser: "internlm" },
    answer: `I look.<|action_start|><|plugin|>\n{"name": "get_weather", "parameters": ${json}}<|action_end|>\n`,
    text: "I look.",
    isSingle: true,
    isSpecial: true,
    offer: "<|action_start|>",
  },
  xlam: {
    settings: { template: "plain", tool_parser: "xlam" },
    answer: `[{"name": "get_weather", "arguments": ${json}}, {"name": "now", "arguments": {}}]`,
    offer: "JSON array of all calls",
  },
  json: {
    settings: { template: "plain", tool_parser: "json" },
    answer: `[{"name": "get_weather", "arguments": ${json}}, {"name": "now", "arguments": {}}]`,
    offer: '"get_weather"',
  },
  xml: {
    settings: { template: "plain", tool_parser: "xml" },
    answer:
      'I look.\n<function_calls>\n<invoke name="get_weather">\n<parameter name="city">Łódź</parameter>\n<parameter name="days">2</parameter>\n</invoke>\n<invoke name="now">\n</invoke>\n</function_calls>',
    text: "I look.\n",
    offer: '<invoke name="tool name">',
  },
  "hermes in words": {
    settings: { template: "gemma" },
    answer: `<tool_call>\n{"name": "get_weather", "arguments": ${json}}\n</tool_call>\n<tool_call>{"name": "now"}</tool_call>`,
    offer: "You can call the tools below",
  },
};

describeBlackBox("Tool calls of each family of models", () => {
  const bed = serveModels({
    servers: { triton: [{ dialect: "vllm" }] },
    models: Object.fromEntries(
      Object.entries(families).map(([name, { settings }]) => [
        name.replaceAll(" ", "-"),
        { backend: "triton", target: "vllm_model", ...settings },
      ]),
    ),
  });

  for (const [name, family] of Object.entries(families)) {
    const model = name.replaceAll(" ", "-");
    const expected: [string, unknown][] =
      family.isSingle === true
        ? [["get_weather", weather]]
        : [
            ["get_weather", weather],
            ["now", {}],
          ];

    describe(name, () => {
      test("whole", async () => {
        const { json: body } = await bed.chat({ model, tools, ...replying({ text: family.answer }) });

        const [choice] = body.choices;
        expect(choice?.finish_reason).toBe("tool_calls");
        expect(choice?.message.content).toBe(family.text ?? null);
        const calls = choice?.message.tool_calls ?? [];
        expect(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)])).toEqual(
          expected,
        );
        for (const { id, type } of calls)
          expect([type, id]).toEqual(["function", expect.stringMatching(/^call_/)]);
        expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
      });

      test("streamed, a character a token", async () => {
        const { chunks } = await bed.streamChat({
          model,
          tools,
          ...spelled(family.answer),
        });

        expect(chatText(chunks)).toBe(family.text ?? "");
        expect(callsOf(chunks)).toEqual(expected);
        expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
      });

      test("the model is told of its tools, and its server leaves the marks in", async () => {
        await bed.chat({ model, tools, ...replying({ text: "ok" }) });
        await bed.chat({ model, tools, tool_choice: "none", ...replying({ text: "ok" }) });
        await bed.chat({ model, ...replying({ text: "ok" }) });

        const [offered, ...others] = await bed.arrived();
        expect(offered?.prompt).toContain(family.offer);
        expect(offered?.prompt).toContain("get_weather");
        expect(offered?.sampling["skip_special_tokens"]).toBe(family.isSpecial === true ? false : undefined);
        for (const { prompt, sampling } of others) {
          expect(prompt).not.toContain("get_weather");
          expect(sampling).not.toHaveProperty("skip_special_tokens");
        }
      });

      test("nonsense is text, whole and streamed", async () => {
        const nonsense = family.answer.replaceAll("get_weather", "rm_rf").replaceAll("now", "later");
        const { json: body } = await bed.chat({ model, tools, ...replying({ text: nonsense }) });
        const { chunks } = await bed.streamChat({ model, tools, ...spelled(nonsense) });

        expect(body.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: nonsense } });
        expect(body.choices[0]?.message).not.toHaveProperty("tool_calls");
        expect(chatText(chunks)).toBe(nonsense);
        expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
      });

      test("the result of a call reaches the model", async () => {
        const { json: first } = await bed.chat({ model, tools, ...replying({ text: family.answer }) });
        const call = first.choices[0]?.message.tool_calls?.[0];
        await bed.server("triton").reset();

        await bed.chat({
          model,
          tools,
          messages: [
            { role: "user", content: "Is it warm?" },
            { ...first.choices[0]?.message, tool_calls: [call] },
            { role: "tool", tool_call_id: call?.id, content: "21 degrees in the shade" },
          ],
        });

        const [arrived] = await bed.arrived();
        expect(arrived?.prompt).toContain("21 degrees in the shade");
        const [before = ""] = arrived?.prompt.split("21 degrees") ?? [];
        expect(before.slice(before.indexOf("Is it warm?"))).toContain("Łódź");
      });
    });
  }

  test("a client that wants special tokens left out has its way", async () => {
    await bed.chat({
      model: "llama3-json",
      tools,
      ...replying({ text: "ok" }),
      skip_special_tokens: true,
    });

    expect((await bed.arrived())[0]?.sampling["skip_special_tokens"]).toBe(true);
  });

  test("a call that a limit cuts short keeps what it has, and says so", async () => {
    const { json: body } = await bed.chat({
      model: "hermes",
      tools,
      ...replying({ text: `<tool_call>{"name": "get_weather", "arguments": {"city": "Łódź", "days": 2}}` }),
      max_tokens: 5,
    });

    const [choice] = body.choices;
    expect(choice?.finish_reason).toBe("length");
    expect(choice?.message.tool_calls?.[0]?.function).toEqual({
      name: "get_weather",
      arguments: '{"city": "Łódź",',
    });
  });
});

/** Puts calls together as a client does, and holds each delta to its form. */
function callsOf(chunks: readonly ChatChunk[]): [string, unknown][] {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const delta of chunks.flatMap(({ choices }) =>
    choices.flatMap((choice) => choice.delta.tool_calls ?? []),
  )) {
    const call = calls[delta.index];
    if (call === undefined) {
      calls[delta.index] = begun(delta, calls.length);
      continue;
    }
    // Only the last one goes on, with arguments alone.
    expect(delta).toEqual({ index: calls.length - 1, function: { arguments: expect.any(String) } });
    call.arguments += delta.function?.arguments ?? "";
  }
  return calls.map(({ name, arguments: text }) => [name, JSON.parse(text)]);
}

function begun(delta: ToolCallDelta, count: number) {
  expect(delta).toEqual({
    index: count,
    id: expect.stringMatching(/^call_/),
    type: "function",
    function: { name: expect.any(String), arguments: "" },
  });
  return { id: delta.id ?? "", name: delta.function?.name ?? "", arguments: "" };
}
