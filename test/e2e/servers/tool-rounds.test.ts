import { describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { expectError } from "../../support/expectations.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { reply, replying, serveModels } from "./bed.ts";
import { allowed, callsOf, callText, named, tool, tools } from "./tool-fixtures.ts";

describeBlackBox("Several rounds with tools", () => {
  const bed = serveModels({
    servers: {
      triton: [{ dialect: "vllm" }, { dialect: "trtllm" }],
      dynamo: [{ dialect: "dynamo", model: "dynamo" }],
    },
    models: {
      vllm_model: { backend: "triton" },
      ensemble: { backend: "triton" },
      dynamo: { backend: "dynamo" },
    },
    config: { stream: { keep_alive: "100ms", head_start: "50ms" } },
  });

  describe("until the choice is kept, where the server does not constrain", () => {
    const model = "dynamo";

    for (const [what, choice, right] of [
      ["required", "required", "history"],
      ["a tool by name", named("history"), "history"],
      ["allowed and required", allowed("required", "history", "climate"), "climate"],
    ] as const) {
      test(`${what}: the model is told, and asked again when it only talks`, async () => {
        const { json } = await bed.chat({
          model,
          tools,
          tool_choice: choice,
          ...replying({ text: "I would rather not.", repair: { text: callText(right) } }),
        });

        expect(callsOf(json)).toEqual([[right, { city: "Łódź" }]]);
        expect(json.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
        const [first, second, ...others] = await bed.arrived();
        expect(others).toEqual([]);
        expect(first?.prompt).toContain("Answer with a call of");
        expect(second?.prompt).toContain("assistant\nI would rather not.");
      });
    }

    for (const [what, choice, right] of [
      ["a tool by name", named("history"), "history"],
      ["allowed and required", allowed("required", "history", "climate"), "climate"],
    ] as const) {
      test(`${what}: another tool is not it`, async () => {
        const { json } = await bed.chat({
          model,
          tools,
          tool_choice: choice,
          ...replying({ text: callText("forecast"), repair: { text: callText(right) } }),
        });

        expect(callsOf(json)).toEqual([[right, { city: "Łódź" }]]);
        expect(await bed.arrived()).toHaveLength(2);
      });
    }

    test("a model that never calls is a failure that says so, after three attempts", async () => {
      const answer = await bed.chat({ model, tools, tool_choice: "required", ...user("Hi.") });

      const error = expectError(answer, { status: 502, code: "tool_choice_not_met" });
      expect(error.message).toContain("3 attempts");
      expect(await bed.arrived()).toHaveLength(3);
      expect(answer.headers.get("x-should-retry")).toBe("false");
    });

    test("all attempts are counted", async () => {
      const request = { model, tools, tool_choice: "required" };
      const text = "one two three four";
      const once = await bed.chat({ ...request, ...replying({ text: callText("history") }) });
      const twice = await bed.chat({
        ...request,
        ...replying({ text, repair: { text: callText("history") } }),
      });

      const more = twice.json.usage.completion_tokens - once.json.usage.completion_tokens;
      expect(more).toBe(4);
      expect(twice.json.usage.prompt_tokens).toBeGreaterThan(2 * once.json.usage.prompt_tokens);
    });

    test("a stream holds back what may be wrong, and stays alive", async () => {
      const stream = await bed.streamChat({
        model,
        tools,
        tool_choice: "required",
        ...replying({ text: "No thank you.", delay_ms: 120, repair: { text: callText("climate") } }),
      });

      const contents = stream.chunks.flatMap(({ choices }) =>
        choices.map(({ delta }) => delta.content ?? ""),
      );
      expect(contents.join("")).toBe("");
      expect(stream.comments).toBeGreaterThan(0);
      const deltas = stream.chunks.flatMap(({ choices }) =>
        choices.flatMap(({ delta }) => delta.tool_calls ?? []),
      );
      expect(deltas[0]?.function?.name).toBe("climate");
    });

    test("each of several answers is held to it", async () => {
      const { json } = await bed.chat({
        model,
        tools,
        tool_choice: "required",
        n: 2,
        ...replying({ text: "No.", repair: { text: callText("climate") } }),
      });

      expect(json.choices.map(({ message }) => message.tool_calls?.[0]?.function.name)).toEqual([
        "climate",
        "climate",
      ]);
      expect(await bed.arrived()).toHaveLength(4);
    });

    test("arguments that break a strict tool are mended", async () => {
      const { json } = await bed.chat({
        model,
        tools: [tool("forecast", { strict: true })],
        ...replying({ text: callText("forecast", { town: 1 }), repair: { text: callText("forecast") } }),
      });

      expect(callsOf(json)).toEqual([["forecast", { city: "Łódź" }]]);
      const [, second] = await bed.arrived();
      expect(second?.prompt).toContain("Nothing was done.");
    });

    test("arguments that still break it are a failure", async () => {
      const answer = await bed.chat({
        model,
        tools: [tool("forecast", { strict: true })],
        ...replying({ text: callText("forecast", { town: 1 }) }),
      });

      expectError(answer, { status: 502, code: "tool_choice_not_met" });
    });
  });

  for (const { name, connect } of nodeGenerations) {
    for (const model of ["vllm_model", "ensemble", "dynamo"]) {
      for (const stream of [false, true]) {
        test(`${name}: runTools with ${model}, stream ${stream}, takes two rounds`, async () => {
          const asked: unknown[] = [];
          const runnable = [
            {
              type: "function" as const,
              function: {
                ...tool("forecast").function,
                description: "Weather to come.",
                parse: JSON.parse,
                function: (given: unknown) => {
                  asked.push(given);
                  return "sunny, 21 degrees";
                },
              },
            },
          ];
          // Once its own call stands further down, the model answers as the repair says.
          const content = reply({ text: callText("forecast"), repair: { text: "It will be sunny." } });
          const request = { model, messages: [{ role: "user" as const, content }], tools: runnable };
          const { completions } = connect(bed.url()).chat;

          const text = stream
            ? await completions.runTools({ ...request, stream: true }).finalContent()
            : await completions.runTools(request).finalContent();

          expect(asked).toEqual([{ city: "Łódź" }]);
          expect(text).toBe("It will be sunny.");
          const [, second] = await bed.arrived();
          expect(second?.prompt).toContain("sunny, 21 degrees");
        });
      }
    }
  }
});
