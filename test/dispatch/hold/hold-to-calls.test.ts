import { describe, expect, test } from "bun:test";
import type { EventBatch } from "../../../src/core/generation.ts";
import { callDelta, callStart, finish, text } from "../../support/events.ts";
import { failureOf } from "../../support/failure.ts";
import { silence, type Step } from "../../support/scripted.ts";
import { format, weather, strictWeather, news, createBench, says, calls, prompts, wordsOf } from "./bench.ts";

describe("a call that has to be made and the backend does not enforce", () => {
  const required = { tools: [weather, news], toolChoice: { mode: "required" } } as const;
  const named = { tools: [weather, news], toolChoice: { mode: "named", name: "weather" } } as const;
  const allowed = {
    tools: [weather, news],
    toolChoice: { mode: "allowed", required: true, names: ["weather"] },
  } as const;

  for (const [mode, request] of Object.entries({ required, named, allowed })) {
    test(`streams as soon as it has begun: ${mode}`, async () => {
      const { backend, start } = createBench([[[text("So: ")], [callStart(0, "weather")], silence]]);

      const iterator = (await start(request))[Symbol.asyncIterator]();

      expect((await iterator.next()).value).toEqual([text("So: "), callStart(0, "weather")]);
      expect(wordsOf(prompts(backend)[0]?.[0])).toContain("weather");
      await iterator.return?.();
    });

    test(`is asked for again when there is none: ${mode}`, async () => {
      const { backend, generation } = createBench([says("It is sunny."), calls("weather", '{"city":"P"}')]);

      const { choices } = await generation(request);

      expect(choices).toMatchObject([
        { text: "", toolCalls: [{ name: "weather", arguments: '{"city":"P"}' }], finish: "tool-calls" },
      ]);
      expect(prompts(backend)[1]?.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    });
  }

  for (const [mode, request] of Object.entries({ named, allowed })) {
    test(`is asked for again, at once, when another tool is called: ${mode}`, async () => {
      const { backend, generation } = createBench([
        [[callStart(0, "news")], silence],
        calls("weather", "{}"),
      ]);

      const { choices } = await generation(request);

      expect(choices).toMatchObject([{ toolCalls: [{ name: "weather" }] }]);
      expect(backend.calls[0]?.context.signal.aborted).toBe(true);
      expect(wordsOf(prompts(backend)[1]?.at(-1))).toMatch(/calls news.*weather/);
    });
  }

  test("and never is, is an error", async () => {
    const { outcome } = createBench([says("a"), says("b"), says("c")]);

    const { batches, failure } = await outcome(required);

    expect(batches).toEqual([]);
    expect(failure).toMatchObject({ status: 502, code: "tool_choice_not_met", shouldRetry: false });
  });

  test("does not count for an answer that was cut short", async () => {
    const { generation } = createBench([[[text("Well")], [finish("length")]]]);

    expect((await generation(required)).choices).toMatchObject([{ text: "Well", finish: "length" }]);
  });

  test("comes before the response format", async () => {
    const { generation } = createBench([says('{"city":"P"}'), calls("weather", "{}")]);

    expect((await generation({ ...required, output: format })).choices).toMatchObject([
      { toolCalls: [{ name: "weather" }] },
    ]);
  });

  test("need not be made where the client leaves it open", async () => {
    const { generation } = createBench([says("x")]);
    const open = { mode: "allowed", required: false, names: ["weather"] } as const;

    expect((await generation({ tools: [weather], toolChoice: open })).choices).toMatchObject([{ text: "x" }]);
  });
});

const two = (second: string): EventBatch[] => [
  [callStart(0, "weather"), callDelta(0, '{"city":"A"}'), callStart(1, "weather"), callDelta(1, second)],
  [finish("tool-calls")],
];

describe("the arguments of a strict tool", () => {
  const request = { tools: [strictWeather, news] };

  test("are given out when they fit; text before them streams", async () => {
    const { outcome } = createBench([[[text("So: ")], ...calls("weather", '{"city":"Paris"}')]]);

    const { batches } = await outcome(request);

    expect(batches.slice(0, -1)).toEqual([
      [text("So: ")],
      [callStart(0, "weather"), callDelta(0, '{"city":"Paris"}'), finish("tool-calls")],
    ]);
  });

  test("are asked for again when they do not, and text is not given out twice", async () => {
    const { backend, generation } = createBench([
      [[text("So: ")], ...calls("weather", '{"town":"Paris"}')],
      [[text("Again: ")], ...calls("weather", '{"city":"Paris"}')],
    ]);

    const { choices } = await generation(request);

    expect(choices).toMatchObject([
      { text: "So: ", toolCalls: [{ name: "weather", arguments: '{"city":"Paris"}' }] },
    ]);
    const [, second = []] = prompts(backend);
    expect(second.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
    expect(second[1]?.toolCalls).toMatchObject([{ arguments: '{"town":"Paris"}' }]);
    expect(wordsOf(second[2])).toContain("must have required property 'city'");
  });

  const bad = calls("weather", '{"town":"P"}');
  const called = { name: "weather", arguments: '{"city":"P"}' };
  const repaired: [string, Step[][], { text: string; toolCalls: object[] }][] = [
    ["words instead of a call", [bad, says("It is sunny.")], { text: "It is sunny.", toolCalls: [] }],
    [
      "words instead of a call, after other words",
      [[[text("So: ")], ...bad], says("It is sunny.")],
      { text: "So: It is sunny.", toolCalls: [] },
    ],
    [
      "a call with the first words of all",
      [bad, [[text("So: ")], ...calls("weather", '{"city":"P"}')]],
      { text: "So: ", toolCalls: [called] },
    ],
    [
      "words after a repair whose words were never given out",
      [bad, [[text("So: ")], ...bad], [[text("Now: ")], ...calls("weather", '{"city":"P"}')]],
      { text: "Now: ", toolCalls: [called] },
    ],
  ];
  for (const [what, scripts, expected] of repaired) {
    test(`may be repaired by ${what}`, async () => {
      const { generation } = createBench(scripts);

      expect((await generation(request)).choices).toMatchObject([expected]);
    });
  }

  test("have schemas that can be compiled, or nothing is generated", async () => {
    const { backend, start } = createBench([says("x")]);
    const broken = { ...strictWeather, name: "broken", parameters: { type: "nonsense" } };

    expect(await failureOf(start({ tools: [news, broken] }))).toMatchObject({
      status: 400,
      code: "invalid_value",
      param: "tools[1].function.parameters",
    });
    expect(backend.calls).toEqual([]);
  });

  test("that never fit are an error that says where", async () => {
    const wrong = calls("weather", '{"city":7}');
    const { outcome } = createBench([wrong, wrong, wrong]);

    expect((await outcome(request)).failure).toMatchObject({
      code: "tool_choice_not_met",
      message: expect.stringContaining("'city'"),
    });
  });

  test("are no matter where a call is cut short, or another tool is called", async () => {
    const cut = createBench([[[callStart(0, "weather"), callDelta(0, '{"ci')], [finish("length")]]]);
    const other = createBench([calls("news", "nonsense")]);

    expect((await cut.generation(request)).choices).toMatchObject([{ toolCalls: [{ arguments: '{"ci' }] }]);
    expect((await other.generation(request)).choices).toMatchObject([
      { toolCalls: [{ arguments: "nonsense" }] },
    ]);
  });

  test("are the whole of what was written", async () => {
    const { generation } = createBench([
      calls("weather", 'Sure: {"city":"Paris"}'),
      calls("weather", '{"city":"Paris"}'),
    ]);

    expect((await generation(request)).choices).toMatchObject([
      { toolCalls: [{ arguments: '{"city":"Paris"}' }] },
    ]);
  });

  test("of several calls are all checked", async () => {
    const { backend, generation } = createBench([two("{}"), two('{"city":"B"}')]);

    const { choices } = await generation(request);

    expect(choices[0]?.toolCalls.map((call) => call.arguments)).toEqual(['{"city":"A"}', '{"city":"B"}']);
    expect(prompts(backend)[1]?.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
  });
});
