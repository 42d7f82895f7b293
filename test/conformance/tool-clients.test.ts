import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { startGateway, type Gateway } from "../support/harness.ts";
import type { ChatBody } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";

const parameters = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 1, maximum: 7 } },
  required: ["city", "days"],
  additionalProperties: false,
};
const messages = [{ role: "user" as const, content: "weather?" }];
const tool = (name: string, strict: boolean) => ({
  type: "function" as const,
  function: { name, parameters, strict },
});

/** [what is asked, tools, names that are called] */
const cases = [
  ["one tool", [tool("forecast", false)], ["forecast"]],
  ["two tools", [tool("forecast", false), tool("history", false)], ["forecast", "history"]],
  ["a strict tool", [tool("forecast", true)], ["forecast"]],
] as const;

describeBlackBox("E. The clients' stream helpers with tools", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--demo-delay", "0"] });
  });
  afterAll(() => gateway.stop());

  for (const { name, connect } of nodeGenerations) {
    describe(name, () => {
      for (const [what, tools, names] of cases) {
        test(`88: .stream() with ${what}`, async () => {
          const completion = await connect(`${gateway.url}/v1`)
            .chat.completions.stream({ model: "demo", messages, tools: [...tools] })
            .finalChatCompletion();

          const calls = (completion.choices[0]?.message.tool_calls ?? []).filter(
            (call) => call.type === "function",
          );
          expect(calls.map((call) => call.function.name)).toEqual([...names]);
          for (const call of calls) expectArguments(call.function.arguments);
          expect(completion.choices[0]?.finish_reason).toBe("tool_calls");
        });
      }

      for (const stream of [false, true]) {
        test(`88: runTools, stream ${stream}, calls the tool and gets the answer`, async () => {
          const called: unknown[] = [];
          const tools = [
            {
              type: "function" as const,
              function: {
                name: "forecast",
                description: "Weather to come.",
                parameters,
                parse: JSON.parse,
                function: (given: unknown) => {
                  called.push(given);
                  return "sunny, 21 degrees";
                },
              },
            },
          ];

          const text = stream
            ? await connect(`${gateway.url}/v1`)
                .chat.completions.runTools({ model: "demo", messages, tools, stream: true })
                .finalContent()
            : await connect(`${gateway.url}/v1`)
                .chat.completions.runTools({ model: "demo", messages, tools })
                .finalContent();

          expect(called).toHaveLength(1);
          expectArguments(JSON.stringify(called[0]));
          expect(text).toContain("sunny, 21 degrees");
        });
      }
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());

      for (const [what, tools, names] of cases) {
        test(`88: .stream() with ${what}`, async () => {
          const { events, final } = await python.run<{ events: string[]; final: ChatBody }>({
            baseUrl: `${gateway.url}/v1`,
            call: "chat.completions.stream",
            arguments: { model: "demo", messages, tools },
            mode: "helper",
          });

          const calls = final.choices[0]?.message.tool_calls ?? [];
          expect(calls.map((call) => call.function.name)).toEqual([...names]);
          for (const call of calls) expectArguments(call.function.arguments);
          expect(events.filter((type) => type === "tool_calls.function.arguments.done")).toHaveLength(
            names.length,
          );
        });
      }
    });
  }
});

function expectArguments(text: string): void {
  const value = JSON.parse(text);
  expect(value).toEqual({ city: expect.any(String), days: expect.any(Number) });
  expect(value.days).toBeWithin(1, 8);
}
