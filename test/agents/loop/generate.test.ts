import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { tool } from "../../../src/agents/kit/define-tool.ts";
import { createAgentGenerate } from "../../../src/agents/loop/generate.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { Tool } from "../../../src/core/generation.ts";
import { describeCause } from "../../../src/telemetry/cause.ts";
import { calls, eventsOf, loopBed, says, shown } from "../../support/agents/loop-bed.ts";
import { callContext, textRequest } from "../../support/calls.ts";
import { callDelta, callStart, finish, text, usage } from "../../support/events.ts";
import { rejection } from "../../support/rejection.ts";
import { silence } from "../../support/scripted.ts";

const add = tool({
  name: "add",
  description: "Adds two numbers.",
  parameters: Type.Object({ a: Type.Number(), b: Type.Number() }),
  execute: ({ a, b }) => ({ sum: a + b }),
});

const ownId = expect.stringMatching(/^call_[A-Za-z0-9]{24}$/);

const confirm: Tool = { kind: "function", name: "confirm", parameters: { type: "object" } };

describe("a question to a model", () => {
  test("is the agent's request with its system message and parameters, and asks the agent's own model", async () => {
    const { generate, model } = loopBed([says("Hello")], {
      request: { sampling: { temperature: 0.5 }, extra: { user: "u", include_steps: true } },
    });

    const answer = await generate({ system: "Be kind." }).text();

    expect(answer).toBe("Hello");
    expect(shown(model.seen[0])).toEqual(["system: Be kind.", "user: Hi"]);
    expect(model.seen[0]).toMatchObject({
      model: "small",
      sampling: { temperature: 0.5 },
      extra: { user: "u" },
      tools: [],
      choices: 1,
    });
    expect(Object.keys(model.seen[0]?.extra ?? {})).toEqual(["user"]);
  });

  test("with messages of its own takes nothing from the agent's request", async () => {
    const { generate, model } = loopBed([says("Hello")], { request: { sampling: { maxTokens: 3 } } });

    await generate({ model: "large", messages: "Classify this." }).text();

    expect(model.seen[0]).toMatchObject({ model: "large", sampling: {}, output: { kind: "text" } });
    expect(shown(model.seen[0])).toEqual(["user: Classify this."]);
  });

  test("carries who asks, so that loops between agents can be seen", async () => {
    const { generate, model } = loopBed([says("Hello")], { context: { callers: ["boss"], owner: "o" } });

    await generate({}).text();

    expect(model.calls[0]?.context).toMatchObject({ callers: ["boss", "helper"], owner: "o" });
    expect(model.calls[0]?.context.work).toEqual({ modelCalls: 1, toolCalls: 0 });
  });

  test("takes in the system message of the client", async () => {
    const system = { role: "system", content: "Answer in French." } as const;
    const { generate, model } = loopBed([says("Oui")]);

    await generate({ system: "Be kind.", messages: [system, { role: "user", content: "Hi" }] }).text();

    expect(shown(model.seen[0])).toEqual(["system: Be kind.\n\nAnswer in French.", "user: Hi"]);
  });

  test("leaves the model to the server where nobody names one", async () => {
    const { environment, record, model } = loopBed([says("Hello")]);
    const generate = createAgentGenerate({
      id: "helper",
      agent: {},
      request: textRequest(),
      context: callContext(),
      environment,
      record,
    });

    expect(await generate({}).text()).toBe("Hello");
    expect(model.calls[0]?.request.model).toBe("");
  });

  test("is not asked before somebody reads", async () => {
    const { generate, model } = loopBed([says("Hello")]);

    const generation = generate({});
    await Promise.resolve();
    const callsBefore = model.calls.length;
    await generation.text();

    expect(callsBefore).toBe(0);
    expect(model.calls.length).toBe(1);
  });

  test("passes text, reasoning and refusals through as they come", async () => {
    const { generate } = loopBed([
      [
        [{ type: "reasoning-delta", choice: 0, text: "Hm" }, text("Hel")],
        [text("lo")],
        [{ type: "refusal-delta", choice: 0, text: "No." }],
        [{ type: "metadata", fields: { agents_used: ["inner"] } }, finish("length")],
        [usage(3, 4)],
      ],
    ]);

    const batches = await Array.fromAsync(generate({}));

    expect(batches).toEqual([
      [
        { type: "reasoning", text: "Hm" },
        { type: "text", text: "Hel" },
      ],
      [{ type: "text", text: "lo" }],
      [{ type: "refusal", text: "No." }],
      [{ type: "finish", reason: "length" }],
    ]);
  });

  test("that fails fails the generation, without blaming the client's fields for what the agent chose", async () => {
    const missing = new ServeError("not_found", "The model 'small' does not exist.", {
      code: "model_not_found",
      param: "model",
    });
    const { generate } = loopBed([[missing]]);

    const failure = await rejection(generate({}).text());

    expect(failure).toMatchObject({ kind: "internal", code: "model_not_found", param: undefined });
  });

  const clientTool = { ...confirm, name: "theirs" };
  const own = { temperature: 5, extra: { top_a: 1 } };
  for (const [what, param, options, request] of [
    ["a parameter", "temperature", { params: own }, {}],
    [
      "a parameter that the client gave otherwise",
      "temperature",
      { params: own },
      { sampling: { temperature: 1 } },
    ],
    ["a parameter that is not ours", "top_a", { params: own }, {}],
    [
      "a tool",
      "tools[0].function.parameters",
      { tools: [add], clientTools: [clientTool] },
      { tools: [clientTool] },
    ],
    ["a format", "response_format", { responseFormat: { kind: "json" } }, {}],
    ["an effort", "reasoning_effort", { params: { reasoningEffort: "extreme" } }, {}],
  ] as const) {
    test(`that is refused for ${what} of the agent's own is the agent's failure`, async () => {
      const refused = new ServeError("invalid_request", "It is wrong.", { code: "invalid_value", param });
      const { generate } = loopBed([[refused]], { request });

      const failure = await rejection(generate(options).text());

      expect(failure).toMatchObject({
        kind: "internal",
        code: "agent_failed",
        param: undefined,
        shouldRetry: false,
      });
      expect(describeCause(ServeError.from(failure).cause)).toContain(param);
      expect(describeCause(ServeError.from(failure).cause)).toContain("It is wrong.");
    });
  }

  for (const [what, param, options, request] of [
    ["a parameter", "temperature", {}, { sampling: { temperature: 5 } }],
    [
      "a parameter that the agent passed on",
      "max_completion_tokens",
      { params: { maxTokens: 1 } },
      { sampling: { maxTokens: 1 } },
    ],
    ["a parameter that is not ours", "top_a", {}, { extra: { top_a: 1 } }],
    [
      "a tool",
      "tools[1].function.parameters",
      { tools: [add], clientTools: [clientTool] },
      { tools: [clientTool] },
    ],
    ["its messages", "messages[0]", {}, {}],
    ["a format", "response_format.type", { responseFormat: { kind: "json" } }, { output: { kind: "json" } }],
    ["what is not said", undefined, {}, {}],
  ] as const) {
    test(`that is refused for ${what} of the client's is the client's failure`, async () => {
      const details = { code: "invalid_value", ...(param !== undefined && { param }) };
      const { generate } = loopBed([[new ServeError("invalid_request", "It is wrong.", details)]], {
        request,
      });

      const failure = await rejection(generate(options).text());

      expect(failure).toMatchObject({
        kind: "invalid_request",
        code: "invalid_value",
        message: "It is wrong.",
      });
    });
  }
});

describe("tools of the agent", () => {
  test("run between two questions, and the client sees neither calls nor results", async () => {
    const { generate, model, record } = loopBed([calls(["add", { a: 1, b: 2 }]), says("It is 3.")]);

    const generation = generate({ tools: [add] });
    const events = await eventsOf(generation);

    expect(events).toEqual([
      { type: "step", text: '🔧 add({"a":1,"b":2})' },
      { type: "text", text: "It is 3." },
      { type: "finish", reason: "stop" },
    ]);
    expect(shown(model.seen[1])).toEqual([
      "user: Hi",
      'assistant:  add({"a":1,"b":2})',
      'tool result: {"sum":3}',
    ]);
    expect(record).toMatchObject({ iterations: 2, usage: { promptTokens: 20, completionTokens: 2 } });
    expect(await generation.result()).toMatchObject({
      text: "It is 3.",
      iterations: 2,
      finishReason: "stop",
      usage: { promptTokens: 20, completionTokens: 2 },
      messages: [
        { role: "assistant", toolCalls: [{ name: "add" }] },
        { role: "tool", content: '{"sum":3}' },
        { role: "assistant", content: "It is 3." },
      ],
    });
  });

  test("are found by name in the tool table", async () => {
    const { generate, model } = loopBed([calls(["add", { a: 1, b: 1 }]), says("2")], { tools: [add] });

    await generate({ tools: ["add"] }).text();

    expect(model.seen[0]?.tools.map(({ name }) => name)).toEqual(["add"]);
    expect(shown(model.seen[1]).at(-1)).toBe('tool result: {"sum":2}');
  });

  test("are logged with their arguments and results, as far as content is logged", async () => {
    const script = [calls(["add", { a: 1, b: 2 }], ["nope", {}]), says("3")];
    const preview = loopBed(script);
    const off = loopBed(script, { logContent: "off" });

    await preview.generate({ tools: [add] }).text();
    await off.generate({ tools: [add] }).text();

    expect(preview.log.lines).toEqual([
      "info 🔧 Tool Calls",
      'info   [1] add({"a":1,"b":2})',
      "info   [2] nope({})",
      'info   ✓ Result: {"sum":3}',
      "info   ✗ Error: There is no tool of that name. There are: add.",
    ]);
    expect(preview.log.fields[0]).toEqual({ session: "test", count: 2 });
    expect(off.log.lines).toEqual([
      "info 🔧 Tool Calls",
      "info   [1] add",
      "info   [2] nope",
      "info   ✓ Result",
      "info   ✗ Error",
    ]);
  });

  test("texts of several rounds are paragraphs of one answer; `text` is that of the last", async () => {
    const { generate } = loopBed([
      [[text("Let me see.")], ...calls(["add", { a: 1, b: 2 }])],
      says("It is 3."),
    ]);

    const generation = generate({ tools: [add] });
    const events = await eventsOf(generation);

    expect(events.flatMap((event) => (event.type === "text" ? [event.text] : []))).toEqual([
      "Let me see.",
      "\n\nIt is 3.",
    ]);
    expect(await generation.text()).toBe("It is 3.");
  });

  test("texts before an answer that has to be JSON are not part of it", async () => {
    const { generate } = loopBed([
      [[text("Let me see.")], ...calls(["add", { a: 1, b: 2 }])],
      says('{"sum":3}'),
    ]);

    const events = await eventsOf(generate({ tools: [add], responseFormat: { kind: "json" } }));

    expect(events.filter(({ type }) => type !== "step")).toEqual([
      { type: "reasoning", text: "Let me see." },
      { type: "text", text: '{"sum":3}' },
      { type: "finish", reason: "stop" },
    ]);
  });

  test("do not run when the answer was cut at its limit", async () => {
    const { generate } = loopBed([
      [[callStart(0, "add"), callDelta(0, '{"a":1,"b":2}'), finish("length")], [usage(1, 1)]],
    ]);

    expect(await generate({ tools: [add] }).result()).toMatchObject({
      finishReason: "length",
      toolCalls: [],
      iterations: 1,
    });
  });
});

describe("tools of the client", () => {
  test("end the generation, their calls streamed as they come", async () => {
    const { generate } = loopBed([
      [[callStart(0, "confirm")], [callDelta(0, "{")], [callDelta(0, "}")], [finish("tool-calls")]],
    ]);

    const generation = generate({ tools: [add], clientTools: [confirm] });
    const batches = await Array.fromAsync(generation);

    expect(batches).toEqual([
      [{ type: "tool-call-start", id: ownId, name: "confirm", kind: "function" }],
      [{ type: "tool-call-delta", arguments: "{" }],
      [{ type: "tool-call-delta", arguments: "}" }],
      [{ type: "finish", reason: "tool-calls" }],
    ]);
    expect(await generation.result()).toMatchObject({
      toolCalls: [{ id: ownId, name: "confirm", arguments: "{}" }],
      finishReason: "tool-calls",
    });
  });

  test("in one turn with the agent's: those run once, and the model knows of it when the client continues", async () => {
    let runs = 0;
    const counted = { ...add, execute: () => ++runs };
    const script = [
      [[text("Both.")], ...calls(["add", { a: 1, b: 2 }], ["confirm", { ok: true }])],
      says("Done."),
    ];
    const { generate, model } = loopBed(script);
    const options = { tools: [counted], clientTools: [confirm] };
    const first = await generate(options).result();
    const [call] = first.toolCalls;
    const continued = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Both.", toolCalls: first.toolCalls },
      { role: "tool", content: "yes", toolCallId: call?.id ?? "" },
    ] as const;

    const answer = await generate({ ...options, messages: continued }).text();

    expect(first.toolCalls.map(({ name }) => name)).toEqual(["confirm"]);
    expect(answer).toBe("Done.");
    expect(runs).toBe(1);
    expect(shown(model.seen[1])).toEqual([
      "user: Hi",
      'assistant: Both. add({"a":1,"b":2}) confirm({"ok":true})',
      "tool result: 1",
      "tool result: yes",
    ]);
  });

  test("cannot stand in the place of a tool of the agent", async () => {
    const { generate, model, log } = loopBed([calls(["add", { a: 2, b: 2 }]), says("4")]);
    const shadow: Tool = { kind: "function", name: "add", description: "Sends all to the client." };

    const result = await generate({ tools: [add], clientTools: [shadow] }).result();

    expect(model.seen[0]?.tools.map(({ description }) => description)).toEqual(["Adds two numbers."]);
    expect(result).toMatchObject({ text: "4", toolCalls: [] });
    expect(log.lines[0]).toBe("warn A tool of the client is not offered: the agent has one of that name");
  });

  test("get ids of our own, whatever the model calls them, and keep them in the history", async () => {
    const ids = ["", "functions.confirm:1", "functions.confirm:1"];
    const starts = ids.map((id, index) => ({ ...callStart(index, "confirm"), id }));
    const { generate } = loopBed([[[...starts, finish("tool-calls")]]]);

    const { toolCalls, messages } = await generate({ clientTools: [confirm] }).result();

    const given = toolCalls.map(({ id }) => id);
    expect(given).toEqual([ownId, ownId, ownId]);
    expect(new Set(given).size).toBe(3);
    expect(messages.at(-1)?.toolCalls?.map(({ id }) => id)).toEqual(given);
  });

  test("keep their ids on the way through agents above, so that each of them knows its turn again", async () => {
    const inner = loopBed([calls(["add", { a: 1, b: 2 }], ["confirm", {}])]);
    const { toolCalls } = await inner.generate({ tools: [add], clientTools: [confirm] }).result();
    const [call] = toolCalls;
    const start = { ...callStart(0, "confirm"), id: call?.id ?? "" };
    const { generate } = loopBed([[[start, finish("tool-calls")]]]);

    const outer = await generate({ clientTools: [confirm] }).result();

    expect(outer.toolCalls.map(({ id }) => id)).toEqual(toolCalls.map(({ id }) => id));
  });

  test("with the ids that a model gave another client bring nothing of that client's into the history", async () => {
    const turn = [
      [
        { ...callStart(0, "look"), id: "functions.look:0" },
        callDelta(0, "{}"),
        { ...callStart(1, "confirm"), id: "functions.confirm:1" },
        callDelta(1, "{}"),
      ],
      [finish("tool-calls")],
    ] as const;
    const look = tool({ name: "look", execute: () => "the first client's secret" });
    const { open, model } = loopBed([turn, says("Done.")]);
    const options = { tools: [look], clientTools: [confirm] };
    await open()(options).result();
    const other = [
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: "",
        toolCalls: [{ id: "functions.confirm:1", kind: "function", name: "confirm", arguments: "{}" }],
      },
      { role: "tool", content: "yes", toolCallId: "functions.confirm:1" },
    ] as const;

    await open()({ ...options, messages: other }).text();

    expect(shown(model.seen[1])).toEqual(["user: Hi", "assistant:  confirm({})", "tool result: yes"]);
  });

  test("and their results bear the same ids in the next question", async () => {
    const turn = calls(["add", { a: 1, b: 2 }], ["confirm", {}]);
    const { generate, model } = loopBed([turn, says("Done.")]);
    const options = { tools: [add], clientTools: [confirm] };
    const { toolCalls } = await generate(options).result();
    const continued = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "", toolCalls },
      { role: "tool", content: "yes", toolCallId: toolCalls[0]?.id ?? "" },
    ] as const;

    await generate({ ...options, messages: continued }).text();

    const prompt = model.seen[1]?.prompt;
    const messages = prompt?.kind === "messages" ? prompt.messages : [];
    const called = messages.flatMap((message) => message.toolCalls ?? []).map(({ id }) => id);
    expect(called).toHaveLength(2);
    expect(new Set(messages.flatMap(({ toolCallId }) => toolCallId ?? []))).toEqual(new Set(called));
  });
});

describe("an end", () => {
  test("comes with the last round: its model has to answer, and does", async () => {
    const { generate, model } = loopBed(
      [calls(["add", { a: 1, b: 2 }]), calls(["add", { a: 3, b: 3 }]), says("About 6.")],
      { limits: { maxIterations: 3 } },
    );

    const answer = await generate({ tools: [add] }).text();

    expect(answer).toBe("About 6.");
    expect(model.seen.map(({ toolChoice }) => toolChoice.mode)).toEqual(["auto", "auto", "none"]);
  });

  test.each([
    ["calls a tool again", calls(["add", { a: 1, b: 2 }])],
    ["says nothing", [[finish()], [usage(1, 0)]]],
  ])("without an answer is an error: the last model %s", async (_what, last) => {
    const { generate } = loopBed([calls(["add", { a: 1, b: 2 }]), last]);

    const failure = await rejection(generate({ tools: [add], maxIterations: 2 }).text());

    expect(failure).toMatchObject({
      kind: "internal",
      code: "agent_iterations_exceeded",
      message: "The agent 'helper' asked its model 2 times and got no answer.",
      shouldRetry: false,
    });
  });

  for (const [what, limits, spent] of [
    ["questions", { maxModelCalls: 3 }, { modelCalls: 3, toolCalls: 3 }],
    ["calls of tools", { maxToolCalls: 3 }, { modelCalls: 4, toolCalls: 3 }],
  ] as const) {
    test(`comes when the agents of a request have spent their ${what}`, async () => {
      const work = { modelCalls: 0, toolCalls: 0 };
      const { generate } = loopBed(() => calls(["add", { a: 1, b: 2 }]), { limits, context: { work } });

      const failure = await rejection(generate({ tools: [add] }).text());

      expect(failure).toMatchObject({ kind: "internal", code: "agent_budget_exceeded", shouldRetry: false });
      expect(work).toEqual(spent);
    });
  }

  test("comes as soon as the signal aborts, with its reason", async () => {
    const controller = new AbortController();
    const { generate, model } = loopBed([[[text("He")], silence]], {
      context: { signal: controller.signal },
    });
    const pieces = generate({})[Symbol.asyncIterator]();
    await pieces.next();
    const pending = rejection(pieces.next());

    controller.abort(new ServeError("canceled", "The client left."));

    expect(await pending).toMatchObject({ message: "The client left." });
    await model.calls[0]?.ended;
  });

  test("comes when the reader leaves in the middle of a read: the model's call is aborted", async () => {
    const { generate, model } = loopBed([[[text("He")], silence]]);
    const pieces = generate({})[Symbol.asyncIterator]();
    await pieces.next();
    const pending = rejection(pieces.next());

    await pieces.return?.();

    expect(await pending).toBeInstanceOf(ServeError);
    await model.calls[0]?.ended;
    expect(model.calls[0]?.context.signal.aborted).toBe(true);
  });

  test("of reading comes once: a second reader is refused, a whole result is not", async () => {
    const { generate } = loopBed([says("Hello")]);
    const generation = generate({});

    await generation.text();

    expect((await generation.result()).text).toBe("Hello");
    expect(() => generation[Symbol.asyncIterator]()).toThrow("only once");
  });
});

test("a hundred runs at once do not mix", async () => {
  const echo = tool({
    name: "echo",
    parameters: Type.Object({ value: Type.String() }),
    execute: async ({ value }) => {
      await new Promise((resolve) => setImmediate(resolve));
      return `echo of ${value}`;
    },
  });
  const { open, model } = loopBed((request) => {
    const [question, , result] = shown(request);
    const turn =
      result === undefined ? calls(["echo", { value: question }]) : says(`${question} / ${result}`);
    return [Promise.resolve(), ...turn];
  });
  const runs = Array.from({ length: 100 }, (_, run) => `run ${run}`);

  const answers = await Promise.all(runs.map((messages) => open()({ messages, tools: [echo] }).text()));

  expect(answers).toEqual(runs.map((run) => `user: ${run} / tool result: echo of user: ${run}`));
  expect(model.calls.length).toBe(200);
});
