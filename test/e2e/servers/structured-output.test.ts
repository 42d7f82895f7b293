import { describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { expectError } from "../../support/expectations.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { jsonIn, replying, serveModels } from "./bed.ts";

const schema = {
  type: "object",
  properties: { city: { type: "string", minLength: 2 }, days: { type: "integer", maximum: 7 } },
  required: ["city", "days"],
  additionalProperties: false,
};
const jsonSchema = (given: Record<string, unknown> = schema, more: object = {}) => ({
  response_format: { type: "json_schema" as const, json_schema: { name: "place", schema: given, ...more } },
});
const jsonObject = { response_format: { type: "json_object" } };
const good = '{"city": "Łódź", "days": 2}';
const wrong = '{"city": "Łódź", "days": "two"}';
const tools = [{ type: "function", function: { name: "now" } }];

describeBlackBox("Structured output", () => {
  const bed = serveModels({
    servers: {
      triton: [
        { dialect: "vllm" },
        { dialect: "vllm-old", model: "older" },
        { dialect: "trtllm" },
        { dialect: "llmapi" },
      ],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
      hesitant: [{ dialect: "dynamo", model: "hesitant" }],
    },
    models: {
      vllm_model: { backend: "triton" },
      older: { backend: "triton", structured_outputs: "guided_decoding" },
      free: { backend: "triton", target: "vllm_model", structured_outputs: "none" },
      ensemble: { backend: "triton" },
      tensorrt_llm: { backend: "triton" },
      dynamo: { backend: "dynamo" },
      hesitant: { backend: "hesitant" },
    },
    config: { stream: { keep_alive: "100ms", head_start: "50ms" } },
  });

  describe("kept by the server", () => {
    for (const [model, key] of [
      ["vllm_model", "structured_outputs"],
      ["older", "guided_decoding"],
    ] as const) {
      test(`${model} gets the schema as ${key}, and the prompt no word of it`, async () => {
        const { json } = await bed.chat({
          model,
          ...user("Where?"),
          ...jsonSchema(schema, { strict: true }),
        });

        const [arrived, ...others] = await bed.arrived();
        expect(others).toEqual([]);
        expect(jsonIn(arrived?.sampling[key])).toEqual({ json: schema });
        expect(arrived?.prompt).not.toContain("JSON");
        expect(JSON.parse(json.choices[0]?.message.content ?? "")).toEqual({ city: "text", days: 1 });
      });

      test(`${model} gets the wish for any object`, async () => {
        const { json } = await bed.chat({ model, ...user("Where?"), ...jsonObject });

        expect(jsonIn((await bed.arrived())[0]?.sampling[key])).toEqual({ json_object: true });
        expect(JSON.parse(json.choices[0]?.message.content ?? "")).toEqual({ answer: "text" });
      });
    }

    test("the ensemble gets a guide", async () => {
      const { json } = await bed.chat({ model: "ensemble", ...user("Where?"), ...jsonSchema() });

      const [arrived] = await bed.arrived();
      expect(arrived?.tensors["guided_decoding_guide_type"]).toEqual(["BYTES", [1, 1], ["json_schema"]]);
      expect(arrived?.tensors["guided_decoding_guide"]?.slice(0, 2)).toEqual(["BYTES", [1, 1]]);
      expect(jsonIn(arrived?.tensors["guided_decoding_guide"]?.[2])).toEqual(schema);
      expect(JSON.parse(json.choices[0]?.message.content ?? "")).toEqual({ city: "text", days: 1 });
    });

    test("the ensemble gets the wish for any object", async () => {
      await bed.chat({ model: "ensemble", ...user("Where?"), ...jsonObject });

      const [arrived] = await bed.arrived();
      expect(arrived?.tensors["guided_decoding_guide_type"]?.[2]).toEqual(["json"]);
      expect(arrived?.tensors).not.toHaveProperty("guided_decoding_guide");
    });

    test("a stream comes as it is written", async () => {
      const { chunks } = await bed.streamChat({ model: "vllm_model", ...user("Where?"), ...jsonSchema() });

      expect(JSON.parse(chatText(chunks))).toEqual({ city: "text", days: 1 });
      expect(chunks.length).toBeGreaterThan(4);
    });

    test("text that may be a call instead is looked at by the edge", async () => {
      const { json } = await bed.chat({
        model: "vllm_model",
        tools,
        ...replying({ text: wrong, repair: { text: good } }),
        ...jsonSchema(),
      });

      expect(json.choices[0]?.message.content).toBe(good);
      const arrived = await bed.arrived();
      expect(arrived).toHaveLength(2);
      expect(arrived[0]?.sampling).not.toHaveProperty("structured_outputs");
    });

    test("and the call is given out as one", async () => {
      const { json } = await bed.chat({
        model: "vllm_model",
        tools,
        ...replying({ text: '<tool_call>{"name": "now", "arguments": {}}</tool_call>' }),
        ...jsonSchema(),
      });

      expect(json.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
      expect(await bed.arrived()).toHaveLength(1);
    });

    test("tools that may not be called change nothing", async () => {
      await bed.chat({
        model: "vllm_model",
        tools,
        tool_choice: "none",
        ...user("Where?"),
        ...jsonSchema(),
      });

      expect((await bed.arrived())[0]?.sampling).toHaveProperty("structured_outputs");
    });
  });

  for (const model of ["dynamo", "tensorrt_llm", "free"]) {
    describe(`kept by the edge for ${model}`, () => {
      test("the model is told in words, and asked again with what was wrong", async () => {
        const { json } = await bed.chat({
          model,
          ...replying({ text: wrong, repair: { text: good } }),
          ...jsonSchema(schema, { strict: false }),
        });

        expect(json.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: good } });
        const [first, second, ...others] = await bed.arrived();
        expect(others).toEqual([]);
        expect(first?.prompt).toContain(JSON.stringify(schema));
        expect(first?.prompt).toStartWith("<|im_start|>system\n");
        expect(second?.prompt).toContain(`assistant\n${wrong}`);
        expect(second?.prompt).toContain("days");
        expect(first?.sampling).not.toHaveProperty("structured_outputs");
      });

      test("what is right at once is asked for once", async () => {
        const { json } = await bed.chat({ model, ...replying({ text: good }), ...jsonSchema() });

        expect(json.choices[0]?.message.content).toBe(good);
        expect(await bed.arrived()).toHaveLength(1);
      });

      test("words and fences around it are cut off", async () => {
        const { json } = await bed.chat({
          model,
          ...replying({ text: `Here you are:\n\`\`\`json\n${good}\n\`\`\`\nGlad to help.` }),
          ...jsonSchema(),
        });

        expect(json.choices[0]?.message.content).toBe(good);
        expect(await bed.arrived()).toHaveLength(1);
      });

      test("any object will do for json_object, and nothing else", async () => {
        const request = { model, ...jsonObject };
        const first = await bed.chat({ ...request, ...replying({ text: '{"a": [1]}' }) });
        const second = await bed.chat({
          ...request,
          ...replying({ text: "[1, 2]", repair: { text: '{"b": 2}' } }),
        });

        expect(first.json.choices[0]?.message.content).toBe('{"a": [1]}');
        expect(second.json.choices[0]?.message.content).toBe('{"b": 2}');
      });

      test("what never fits is a failure with its place, after three attempts", async () => {
        const answer = await bed.chat({ model, ...replying({ text: wrong }), ...jsonSchema() });

        const error = expectError(answer, { status: 502, code: "response_format_not_met" });
        expect(error.message).toContain("days");
        expect(error.message).toContain("3 attempts");
        expect(error.message).not.toContain("two");
        expect(answer.headers.get("x-should-retry")).toBe("false");
        expect(await bed.arrived()).toHaveLength(3);
      });
    });
  }

  describe("held back", () => {
    const hesitating = { text: wrong, delay_ms: 150, repair: { text: good, delay_ms: 150 } };

    test("a stream shows nothing that was wrong, and stays alive meanwhile", async () => {
      const stream = await bed.streamChat({ model: "hesitant", ...replying(hesitating), ...jsonSchema() });

      expect(chatText(stream.chunks)).toBe(good);
      expect(stream.comments).toBeGreaterThan(0);
      expect(stream.chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    });

    test("a stream of what never fits ends with an error", async () => {
      const { chunks } = await bed.streamChat({
        model: "hesitant",
        ...replying({ text: wrong, delay_ms: 40 }),
        ...jsonSchema(),
      });

      expect(chatText(chunks)).toBe("");
      expect(chunks.at(-1)?.error).toMatchObject({ code: "response_format_not_met" });
    });

    test("usage is that of all attempts", async () => {
      const once = await bed.chat({ model: "dynamo", ...replying({ text: good }), ...jsonSchema() });
      const twice = await bed.chat({
        model: "dynamo",
        ...replying({ text: wrong, repair: { text: good } }),
        ...jsonSchema(),
      });

      expect(once.json.usage.completion_tokens).toBe(4);
      expect(twice.json.usage.completion_tokens).toBe(8);
      expect(twice.json.usage.prompt_tokens).toBeGreaterThan(2 * once.json.usage.prompt_tokens);
    });

    test("each of several answers is held to it", async () => {
      const { json } = await bed.chat({
        model: "dynamo",
        n: 3,
        ...replying({ text: wrong, repair: { text: good } }),
        ...jsonSchema(),
      });

      expect(json.choices.map(({ message }) => message.content)).toEqual([good, good, good]);
      expect(await bed.arrived()).toHaveLength(6);
    });

    test("an answer that a limit cut short is given as it is, and says so", async () => {
      const { json } = await bed.chat({
        model: "dynamo",
        ...replying({ text: good }),
        max_tokens: 2,
        ...jsonSchema(),
      });

      expect(json.choices[0]).toMatchObject({
        finish_reason: "length",
        message: { content: '{"city": "Łódź",' },
      });
    });

    test("a client that leaves ends the attempt that is running", async () => {
      const cancelled = bed.server("hesitant").cancelled(1);
      const controller = new AbortController();
      const asked = fetch(`${bed.url()}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "hesitant",
          ...replying({ text: wrong, repair: { text: good, hang: true } }),
          ...jsonSchema(),
        }),
        signal: controller.signal,
      }).catch((error: unknown) => error);
      await bed.server("hesitant").waitFor({ rpc: "ModelStreamInfer" }, { count: 2, messages: 4 });
      controller.abort();

      expect((await cancelled)[0]?.outcome).toBe("cancelled");
      expect(await asked).toMatchObject({ name: "AbortError" });
    });

    test("a pattern that would keep a backtracking engine busy for years is answered at once", async () => {
      const slow = {
        type: "object",
        properties: { city: { type: "string", pattern: "^(a+)+$" } },
        required: ["city"],
      };
      const answer = await bed.chat({
        model: "dynamo",
        ...replying({ text: `{"city": "${"a".repeat(5_000)}!"}`, repair: { text: '{"city": "aaa"}' } }),
        ...jsonSchema(slow),
      });

      expect(answer.json.choices[0]?.message.content).toBe('{"city": "aaa"}');
    });
  });

  describe("schemas that are refused, with their place", () => {
    const place = "response_format.json_schema.schema";
    for (const [what, given, more, param] of [
      ["an unknown type", { type: "objekt" }, {}, place],
      [
        "a broken one further down",
        { type: "object", properties: { a: { type: "array", items: { type: "numbr" } } } },
        {},
        `${place}.properties.a.items`,
      ],
      [
        "a pattern that is none",
        { type: "object", properties: { a: { type: "string", pattern: "(" } } },
        {},
        `${place}.properties.a.pattern`,
      ],
      [
        "a strict one with a property that is not required",
        { type: "object", properties: { a: { type: "string" } }, required: [], additionalProperties: false },
        { strict: true },
        place,
      ],
      [
        "a strict one that is open",
        {
          type: "object",
          properties: { a: { type: "object", properties: {}, required: [] } },
          required: ["a"],
          additionalProperties: false,
        },
        { strict: true },
        `${place}.properties.a`,
      ],
      ["a reference to elsewhere", { $ref: "https://example.com/schema.json" }, {}, place],
    ] as const) {
      for (const model of ["vllm_model", "dynamo"]) {
        test(`${what}, for ${model}`, async () => {
          const answer = await bed.chat({ model, ...user("Where?"), ...jsonSchema(given, more) });

          const error = expectError(answer, { status: 400 });
          expect(error.param).toStartWith(param);
          expect(await bed.arrived()).toEqual([]);
        });
      }
    }
  });

  for (const { name, connect } of nodeGenerations) {
    for (const model of ["vllm_model", "ensemble", "dynamo"]) {
      test(`${name}: .parse() and .stream() with ${model} give the value`, async () => {
        const { completions } = connect(bed.url()).chat;
        const request = { model, ...replying({ text: good }), ...jsonSchema(schema, { strict: true }) };

        const parsed = await completions.parse(request);
        const streamed = await completions.stream(request).finalChatCompletion();

        expect(JSON.parse(parsed.choices[0]?.message.content ?? "")).toEqual({ city: "Łódź", days: 2 });
        expect(streamed.choices[0]?.message.content).toBe(good);
      });
    }
  }
});
