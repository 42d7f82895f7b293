import { describe, expect, test } from "bun:test";
import type { Message } from "../../../src/core/generation.ts";
import { textOf } from "../../support/calls.ts";
import { finish, text, token } from "../../support/events.ts";
import { failureOf } from "../../support/failure.ts";
import { silence } from "../../support/scripted.ts";
import { city, format, news, createBench, says, calls, prompts, wordsOf } from "./bench.ts";

describe("a response format that the backend does not enforce", () => {
  test("is asked for in words, once, in a system message in front", async () => {
    const { backend, generation } = createBench([says('{"city":"Paris"}')]);

    const { choices } = await generation({ output: format });

    expect(choices).toMatchObject([{ text: '{"city":"Paris"}', finish: "stop" }]);
    const [messages = []] = prompts(backend);
    expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(wordsOf(messages[0])).toContain(JSON.stringify(city));
  });

  test("is asked for in the system message that is there already", async () => {
    const { backend, outcome } = createBench([says("{}")]);
    const messages: Message[] = [
      { role: "developer", content: [{ type: "text", text: "Be kind." }] },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ];

    await outcome({ output: { kind: "json" }, prompt: { kind: "messages", messages } });

    const [sent = []] = prompts(backend);
    expect(sent.map(({ role }) => role)).toEqual(["developer", "user"]);
    expect(wordsOf(sent[0])).toMatch(/^Be kind\.\n\n.*JSON object/);
    expect(messages[0]?.content).toHaveLength(1);
  });

  test("is left to a backend that enforces it", async () => {
    const { backend, outcome } = createBench([says("no JSON")], { enforces: { json: true } });

    const { batches } = await outcome({ output: format });

    expect(textOf(batches)).toBe("no JSON");
    expect(prompts(backend)[0]).toHaveLength(1);
  });

  test("holds the text back, and nothing of it is lost or changed", async () => {
    const deltas = [token('{"ci'), { ...token(""), logprobs: [] }, token('ty":"Pa'), token('ris"}')];
    const { outcome } = createBench([[...deltas.map((delta) => [delta]), [finish()]]]);

    const { batches } = await outcome({ output: format });

    expect(batches.slice(0, -1)).toEqual([[...deltas.filter(({ text: value }) => value !== ""), finish()]]);
  });

  const around: [string, string, string][] = [
    ["a code fence", '```json\n{"city":"Paris"}\n```', '{"city":"Paris"}\n'],
    ["words", 'Here you are: {"city":"Paris"} Anything else?', '{"city":"Paris"}'],
  ];
  for (const [what, value, expected] of around) {
    test(`cuts off ${what} around the value, wherever the deltas end`, async () => {
      for (const size of [1, 3, 7, 100]) {
        const pieces = value.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
        const { generation } = createBench([[...pieces.map((piece) => [text(piece)]), [finish()]]]);

        expect((await generation({ output: format })).choices).toMatchObject([{ text: expected }]);
      }
    });
  }

  test("that is not met is asked for again with the answer and what is wrong with it", async () => {
    const { backend, generation } = createBench([
      says('{"city":1}'),
      says("Paris"),
      says('{"city":"Paris"}'),
    ]);

    const { choices } = await generation({ output: format });

    expect(choices).toMatchObject([{ text: '{"city":"Paris"}' }]);
    const [first = [], second = [], third = []] = prompts(backend);
    expect(second.slice(0, first.length)).toEqual([...first]);
    expect(second.slice(first.length).map(({ role }) => role)).toEqual(["assistant", "user"]);
    expect(wordsOf(second.at(-2))).toBe('{"city":1}');
    expect(wordsOf(second.at(-1))).toMatch(/"city" in it must be string/);
    expect(wordsOf(third.at(-1))).toMatch(/not valid JSON/);
  });

  test("that is never met is an error that says where, and not what", async () => {
    const bad = says('{"city":["secret"]}');
    const { backend, outcome } = createBench([bad, bad, bad]);

    const { batches, failure } = await outcome({ output: format });

    expect(batches).toEqual([]);
    expect(failure).toMatchObject({
      status: 502,
      code: "response_format_not_met",
      shouldRetry: false,
      message: "The model's answer is not what 'response_format' asks for at 'city', after 3 attempts.",
    });
    expect(backend.calls).toHaveLength(3);
  });

  test("is not asked for again where no repairs are wanted", async () => {
    const { backend, outcome } = createBench([says("x")], { maxRepairs: 0 });

    expect((await outcome({ output: format })).failure).toMatchObject({ code: "response_format_not_met" });
    expect(backend.calls).toHaveLength(1);
  });

  for (const reason of ["length", "content-filter"] as const) {
    test(`does not count for an answer that ended with ${reason}`, async () => {
      const { generation } = createBench([[[text('{"ci')], [finish(reason)]]]);

      expect((await generation({ output: format })).choices).toMatchObject([
        { text: '{"ci', finish: reason },
      ]);
    });
  }

  test("does not count for a refusal, or where a tool is called", async () => {
    const refused = createBench([[[{ type: "refusal-delta", choice: 0, text: "No." }], [finish()]]]);
    const called = createBench([[[text("Let me see.")], ...calls("news", "{}")]]);

    expect((await refused.generation({ output: format })).choices).toMatchObject([{ refusal: "No." }]);
    expect((await called.generation({ output: format, tools: [news] })).choices).toMatchObject([
      { text: "Let me see.", toolCalls: [{ name: "news" }], finish: "tool-calls" },
    ]);
  });

  test("lets reasoning pass at once", async () => {
    const thought = { type: "reasoning-delta", choice: 0, text: "Hm." } as const;
    const { start } = createBench([[[thought], silence]]);

    const iterator = (await start({ output: format }))[Symbol.asyncIterator]();

    expect((await iterator.next()).value).toEqual([thought]);
    await iterator.return?.();
  });

  test("holds each of several answers on its own", async () => {
    const { backend, generation } = createBench([says("x"), says('{"city":"B"}'), says('{"city":"A"}')]);

    const { choices } = await generation({ output: format, choices: 2 });

    expect(choices).toMatchObject([
      { index: 0, text: '{"city":"A"}' },
      { index: 1, text: '{"city":"B"}' },
    ]);
    expect(backend.seen.map((request) => request.choices)).toEqual([1, 1, 1]);
  });

  test("that cannot be checked is the client's mistake, before any backend is called", async () => {
    const { backend, start } = createBench([]);
    const schema = { type: "nonsense" };

    const failure = await failureOf(start({ output: { ...format, schema } }));

    expect(failure).toMatchObject({
      status: 400,
      code: "invalid_value",
      param: "response_format.json_schema.schema",
    });
    expect(backend.calls).toEqual([]);
  });

  test("is no matter for the completion of a bare text", async () => {
    const { outcome } = createBench([says("x")]);

    const { batches } = await outcome({ output: format, prompt: { kind: "text", text: "Hi" } });

    expect(textOf(batches)).toBe("x");
  });
});
