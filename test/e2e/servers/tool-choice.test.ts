import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { type Arrived, jsonIn, replying, serveModels } from "./bed.ts";
import { allowed, callsOf, callText, cityOnly, named, tool, tools } from "./tool-fixtures.ts";

const custom = { type: "custom", custom: { name: "shell", description: "Runs a command." } };

describeBlackBox("The choice of tools", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "vllm-old", model: "older" }, { dialect: "trtllm" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    },
    models: {
      vllm_model: { backend: "triton" },
      older: { backend: "triton", structured_outputs: "guided_decoding" },
      ensemble: { backend: "triton" },
      untooled: { backend: "triton", target: "vllm_model", tool_parser: "none" },
      dynamo: { backend: "dynamo" },
    },
  });

  describe("kept by a server that constrains", () => {
    const guides: readonly (readonly [string, (arrived: Arrived) => unknown])[] = [
      ["vllm_model", ({ sampling }) => jsonIn(sampling["structured_outputs"])],
      [
        "ensemble",
        ({ tensors }) => {
          if (tensors["guided_decoding_guide"] === undefined) return undefined;
          expect(tensors["guided_decoding_guide_type"]).toEqual(["BYTES", [1, 1], ["json_schema"]]);
          return { json: jsonIn(tensors["guided_decoding_guide"][2]) };
        },
      ],
    ];
    for (const [model, guideOf] of guides) {
      const guide = async () => {
        const [arrived] = await bed.arrived();
        return arrived === undefined ? undefined : guideOf(arrived);
      };

      test(`${model}: required is an array of calls`, async () => {
        const { json } = await bed.chat({ model, ...user("Hi."), tools, tool_choice: "required" });

        const anyOf = ["forecast", "history", "climate"].map(callOf);
        expect(await guide()).toMatchObject({ json: { type: "array", minItems: 1, items: { anyOf } } });
        expect(callsOf(json)).toEqual([["forecast", { city: "text" }]]);
        expect(json.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
      });

      test(`${model}: one call is an array of one`, async () => {
        await bed.chat({
          model,
          ...user("Hi."),
          tools,
          tool_choice: "required",
          parallel_tool_calls: false,
        });

        expect(await guide()).toMatchObject({ json: { minItems: 1, maxItems: 1 } });
      });

      test(`${model}: a tool by name is its arguments, and the others are not offered`, async () => {
        const { json } = await bed.chat({ model, ...user("Hi."), tools, tool_choice: named("history") });

        expect(await guide()).toEqual({ json: cityOnly });
        expect(callsOf(json)).toEqual([["history", { city: "text" }]]);
        const [arrived] = await bed.arrived();
        expect(arrived?.prompt).toContain("history");
        expect(arrived?.prompt).not.toContain("climate");
      });

      test(`${model}: allowed and required is an array of those`, async () => {
        await bed.chat({ model, ...user("Hi."), tools, tool_choice: allowed("required", "climate") });

        expect(await guide()).toMatchObject({ json: { items: { anyOf: [callOf("climate")] } } });
      });

      for (const choice of ["auto", "none", undefined]) {
        test(`${model}: ${choice ?? "no choice"} constrains nothing`, async () => {
          const { json } = await bed.chat({
            model,
            tools,
            ...(choice === undefined ? {} : { tool_choice: choice }),
            ...replying({ text: "No need." }),
          });

          expect(await guide()).toBeUndefined();
          expect(json.choices[0]).toMatchObject({
            finish_reason: "stop",
            message: { content: "No need." },
          });
        });
      }
    }

    test("an older vLLM gets it under its own key", async () => {
      await bed.chat({ model: "older", ...user("Hi."), tools, tool_choice: named("history") });

      const [arrived] = await bed.arrived();
      expect(jsonIn(arrived?.sampling["guided_decoding"])).toEqual({ json: cityOnly });
      expect(arrived?.sampling).not.toHaveProperty("structured_outputs");
    });

    test("a stream is one of calls", async () => {
      const { chunks } = await bed.streamChat({
        model: "vllm_model",
        ...user("Hi."),
        tools,
        tool_choice: "required",
      });

      const deltas = chunks.flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []));
      expect(deltas[0]?.function?.name).toBe("forecast");
      expect(JSON.parse(deltas.map((delta) => delta.function?.arguments ?? "").join(""))).toEqual({
        city: "text",
      });
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
    });

    test("a custom tool by name is called with its text", async () => {
      const { json } = await bed.chat({
        model: "vllm_model",
        ...replying({ text: '{"input": "ls -l \\"a\\"\\n"}' }),
        tools: [custom],
        tool_choice: { type: "custom", custom: { name: "shell" } },
      });

      expect(json.choices[0]?.message.tool_calls).toEqual([
        expect.objectContaining({ type: "custom", custom: { name: "shell", input: 'ls -l "a"\n' } }),
      ]);
    });
  });

  for (const model of ["vllm_model", "dynamo"]) {
    describe(`of ${model}`, () => {
      test("none: the model knows of no tools, and what looks like a call is text", async () => {
        const { json } = await bed.chat({
          model,
          tools,
          tool_choice: "none",
          ...replying({ text: callText("forecast") }),
        });

        expect((await bed.arrived())[0]?.prompt).not.toContain("history");
        expect(json.choices[0]).toMatchObject({
          finish_reason: "stop",
          message: { content: callText("forecast") },
        });
      });

      test("allowed and auto: the others are not offered, and not called", async () => {
        const { json } = await bed.chat({
          model,
          tools,
          tool_choice: allowed("auto", "forecast"),
          ...replying({ text: callText("history") }),
        });

        expect((await bed.arrived())[0]?.prompt).not.toContain("climate");
        expect(json.choices[0]?.message).not.toHaveProperty("tool_calls");
      });

      test("one call at most, though the model writes two", async () => {
        const { json } = await bed.chat({
          model,
          tools,
          parallel_tool_calls: false,
          ...replying({ text: `${callText("forecast")}\n${callText("history")}` }),
        });

        expect(callsOf(json)).toEqual([["forecast", { city: "Łódź" }]]);
        expect(json.choices[0]?.finish_reason).toBe("tool_calls");
      });

      test("one call at most in a stream", async () => {
        const { chunks } = await bed.streamChat({
          model,
          tools,
          parallel_tool_calls: false,
          ...replying({ text: `Hm.\n${callText("forecast")}\n${callText("history")}` }),
        });

        const deltas = chunks.flatMap(({ choices }) =>
          choices.flatMap(({ delta }) => delta.tool_calls ?? []),
        );
        expect(new Set(deltas.map(({ index }) => index))).toEqual(new Set([0]));
        expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
      });

      test("a strict tool that the model chose to call gets arguments that fit", async () => {
        const { json } = await bed.chat({
          model,
          tools: [tool("forecast", { strict: true })],
          ...replying({ text: callText("forecast", { town: 1 }), repair: { text: callText("forecast") } }),
        });

        expect(callsOf(json)).toEqual([["forecast", { city: "Łódź" }]]);
      });

      test("legacy functions are answered in their own form", async () => {
        const { json } = await bed.chat({
          model,
          functions: [tool("forecast").function],
          ...replying({ text: callText("forecast") }),
        });

        expect(json.choices[0]).toMatchObject({
          finish_reason: "function_call",
          message: { content: null, function_call: { name: "forecast" } },
        });
        expect(json.choices[0]?.message).not.toHaveProperty("tool_calls");
      });

      test("a legacy function by name is called", async () => {
        const { json } = await bed.chat({
          model,
          functions: [tool("forecast").function, tool("history").function],
          function_call: { name: "history" },
          ...(model === "dynamo" ? replying({ text: callText("history") }) : user("Hi.")),
        });

        expect(json.choices[0]?.message.function_call?.name).toBe("history");
      });

      test("a custom tool is described as one text, and called with it", async () => {
        const { json } = await bed.chat({
          model,
          tools: [custom],
          ...replying({ text: callText("shell", { input: "ls -l" }) }),
        });

        expect(json.choices[0]?.message.tool_calls).toEqual([
          expect.objectContaining({ type: "custom", custom: { name: "shell", input: "ls -l" } }),
        ]);
        expect((await bed.arrived())[0]?.prompt).toContain('"input"');
      });
    });
  }

  describe("refusals", () => {
    test("a model that is not to be given tools", async () => {
      const answer = await bed.chat({ model: "untooled", ...user("Hi."), tools });

      expectError(answer, { status: 400, code: "unsupported_parameter", param: "tools" });
    });

    test("that model with tools it may not call", async () => {
      const answer = await bed.chat({ model: "untooled", ...user("Hi."), tools, tool_choice: "none" });

      expect(answer.status).toBe(200);
    });

    for (const [what, body, param] of [
      ["a choice that is not offered", { tools, tool_choice: named("rm") }, "tool_choice"],
      ["a choice without tools", { tool_choice: "required" }, "tool_choice"],
      [
        "a strict schema that is not strict",
        { tools: [tool("open", { strict: true, parameters: { type: "object", properties: { a: {} } } })] },
        "tools[0].function.parameters",
      ],
    ] as const) {
      test(what, async () => {
        const answer = await bed.chat({ model: "vllm_model", ...user("Hi."), ...body });

        const error = expectError(answer, { status: 400 });
        expect(error.param).toStartWith(param);
        expect(await bed.arrived()).toEqual([]);
      });
    }
  });
});

/** The part of a schema that lets a tool be called. */
function callOf(name: string) {
  return { properties: { name: { type: "string", enum: [name] } } };
}
