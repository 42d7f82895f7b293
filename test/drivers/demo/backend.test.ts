import { expect, test } from "bun:test";
import { collect, type Choice } from "../../../src/core/collect.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { EventBatch, GenerationRequest, Message, Tool } from "../../../src/core/generation.ts";
import { createDemoBackend } from "../../../src/drivers/demo/backend.ts";
import { answer, createContext, createRequest, userMessage } from "./support.ts";

const weather: Tool = {
  kind: "function",
  name: "get_weather",
  description: "Weather at a place",
  parameters: {
    type: "object",
    properties: { city: { type: "string" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
    required: ["city", "unit"],
    additionalProperties: false,
  },
};
const clock: Tool = { kind: "function", name: "get_time" };
const shell: Tool = { kind: "custom", name: "shell" };

const toolResult: readonly Message[] = [
  userMessage("Weather in Paris?"),
  {
    role: "assistant",
    content: [],
    toolCalls: [{ id: "call_1", kind: "function", name: "get_weather", arguments: "{}" }],
  },
  { role: "tool", toolCallId: "call_1", content: [{ type: "text", text: "19 degrees, sunny" }] },
];

test("a chat answer says that it is a demo, quotes the question and hints at what to try next", async () => {
  const messages: Message[] = [
    { role: "system", content: [{ type: "text", text: "Be brief." }] },
    userMessage("What is\n\nthis?"),
  ];

  const { text, finish } = await answerOf({
    prompt: { kind: "messages", messages },
    sampling: { temperature: 0.7, maxTokens: 500, stop: ["\n\n\n"] },
    extra: { flavour: "sweet" },
  });

  expect(finish).toBe("stop");
  expect(text).toContain("not a real model");
  expect(text).toContain("2 messages (1 system, 1 user)");
  expect(text).toContain("> What is this?");
  expect(text).toContain("Parameters: temperature 0.7, max tokens 500, stop texts (1)");
  expect(text).toContain("Other fields: `flavour`");
  expect(text).toContain("/docs");
  expect(text).toContain("--anyserve-endpoint HOST:PORT");
});

test("the same request gets the same text", async () => {
  const first = await answerOf({ sampling: { temperature: 2 } });
  const second = await answerOf({ sampling: { temperature: 2 } });

  expect(second).toEqual(first);
});

test("a long question is quoted in part", async () => {
  const { text } = await answerOf({
    prompt: { kind: "messages", messages: [userMessage("👩‍🚀".repeat(100_000))] },
  });

  expect(text.length).toBeLessThan(3_000);
  expect(text.isWellFormed()).toBe(true);
});

test("each text delta is one token", async () => {
  const deltas = (await answer({})).flat().filter((event) => event.type === "text-delta");

  expect(deltas.length).toBeGreaterThan(20);
  expect(deltas.every(({ tokens }) => tokens === 1)).toBe(true);
});

for (const maxTokens of [0, 1, 5]) {
  test(`${maxTokens} tokens at most end with length`, async () => {
    const batches = await answer({ sampling: { maxTokens } });

    expect(batches.flat().filter(({ type }) => type === "text-delta")).toHaveLength(maxTokens);
    expect(batches.flat().at(-1)).toMatchObject({ type: "finish", reason: "length" });
  });
}

test("a limit that the answer just reaches ends with stop", async () => {
  const prompt = { kind: "text", text: "Once upon a time" } as const;
  const tokens = (await answer({ prompt })).flat().length - 1;

  const { finish } = await answerOf({ prompt, sampling: { maxTokens: tokens } });

  expect(finish).toBe("stop");
});

test("a text prompt is continued in 16 tokens at most", async () => {
  const batches = await answer({ prompt: { kind: "text", text: "Once upon a time" } });

  expect(batches.flat().length - 1).toBeLessThanOrEqual(16);
  expect(await textOf(batches)).toContain("demo model");
});

test("a suffix asks for what stands between", async () => {
  const { text } = await answerOf({ prompt: { kind: "text", text: "a = " }, suffix: "\nprint(a)" });

  expect(text).toContain("fills this gap");
});

const callCases: readonly (readonly [name: string, changes: Partial<GenerationRequest>, called: string[]])[] =
  [
    ["auto calls the first two tools", { tools: [weather, clock, shell] }, ["get_weather", "get_time"]],
    ["auto with one tool calls it once", { tools: [weather] }, ["get_weather"]],
    [
      "auto without parallel calls calls the first tool",
      { tools: [weather, clock], parallelToolCalls: false },
      ["get_weather"],
    ],
    [
      "required calls as auto does",
      { tools: [clock, weather], toolChoice: { mode: "required" } },
      ["get_time", "get_weather"],
    ],
    [
      "a named tool is the one called",
      { tools: [weather, clock], toolChoice: { mode: "named", name: "get_time" } },
      ["get_time"],
    ],
    [
      "allowed tools are the ones called",
      {
        tools: [weather, clock, shell],
        toolChoice: { mode: "allowed", required: false, names: ["shell", "get_time"] },
      },
      ["get_time", "shell"],
    ],
    ["none calls nothing", { tools: [weather], toolChoice: { mode: "none" } }, []],
    [
      "a question after a tool's answer calls again",
      { tools: [weather], prompt: { kind: "messages", messages: [...toolResult, userMessage("And now?")] } },
      ["get_weather"],
    ],
  ];
for (const [name, changes, called] of callCases) {
  test(name, async () => {
    const { toolCalls, text, finish } = await answerOf(changes);

    expect(toolCalls.map((call) => call.name)).toEqual(called);
    expect(finish).toBe(called.length > 0 ? "tool-calls" : "stop");
    expect(text === "").toBe(called.length > 0);
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(called.length);
  });
}

test("arguments satisfy the schema and come in three fragments or more", async () => {
  const batches = await answer({ tools: [weather] });
  const deltas = batches.flat().filter((event) => event.type === "tool-call-delta");

  expect(deltas.length).toBeGreaterThanOrEqual(3);
  expect(JSON.parse(deltas.map((delta) => delta.arguments).join(""))).toEqual({
    city: "Paris",
    unit: "celsius",
  });
});

test("call ids have the form of OpenAI's", async () => {
  const { toolCalls } = await answerOf({ tools: [weather] });

  expect(toolCalls[0]?.id).toMatch(/^call_[A-Za-z0-9]{24}$/);
});

test("a tool without parameters is called with an empty object, a custom one with a text", async () => {
  const { toolCalls } = await answerOf({ tools: [clock, shell] });

  expect(toolCalls).toMatchObject([
    { kind: "function", arguments: "{}" },
    { kind: "custom", arguments: expect.stringContaining("demo") },
  ]);
});

test("a tool's answer at the end is told", async () => {
  const { text, toolCalls } = await answerOf({
    tools: [weather],
    toolChoice: { mode: "required" },
    prompt: { kind: "messages", messages: toolResult },
  });

  expect(toolCalls).toEqual([]);
  expect(text).toContain("The tool `get_weather` answered: 19 degrees, sunny");
});

test("a JSON answer is an object that describes the request", async () => {
  const { text } = await answerOf({ output: { kind: "json" } });

  expect(JSON.parse(text)).toMatchObject({ messages: 1, roles: { user: 1 }, question: "Hello there" });
});

test("an answer by schema is an instance of it", async () => {
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, age: { type: "integer", minimum: 18 } },
    required: ["name", "age"],
  };

  const { text } = await answerOf({ output: { kind: "json-schema", name: "person", schema, strict: true } });

  expect(JSON.parse(text)).toEqual({ name: "Ada Lovelace", age: 18 });
});

test("after a tool's answer the schema of the response is kept", async () => {
  const { text } = await answerOf({
    tools: [weather],
    prompt: { kind: "messages", messages: toolResult },
    output: { kind: "json-schema", name: "n", schema: { type: "integer" }, strict: false },
  });

  expect(JSON.parse(text)).toBe(1);
});

const impossible = { type: "object", properties: { a: false }, required: ["a"] };
const impossibleCases: readonly (readonly [param: string, changes: Partial<GenerationRequest>])[] = [
  [
    "response_format.json_schema.schema",
    { output: { kind: "json-schema", name: "n", schema: impossible, strict: true } },
  ],
  ["tools", { tools: [{ ...weather, parameters: impossible }] }],
  ["tools", { tools: [{ ...weather, parameters: { type: "string" } }] }],
];
for (const [param, changes] of impossibleCases) {
  test(`a schema without an instance is refused by the name of ${param}`, async () => {
    const failure = await reasonOf(answer(changes));

    expect(failure).toBeInstanceOf(ServeError);
    expect(failure).toMatchObject({
      kind: "invalid_request",
      code: "unsupported_value",
      param,
    });
  });
}

test("reasoning comes before the text when effort is asked for", async () => {
  const types = (await answer({ reasoning: { effort: "low" } })).flat().map(({ type }) => type);

  expect(types[0]).toBe("reasoning-delta");
  expect(types.indexOf("text-delta")).toBeGreaterThan(types.lastIndexOf("reasoning-delta"));
});

test("effort none and no effort give no reasoning", async () => {
  expect((await answerOf({ reasoning: { effort: "none" } })).reasoning).toBe("");
  expect((await answerOf({})).reasoning).toBe("");
});

test("an aborted signal ends a pause at once with its reason", async () => {
  const controller = new AbortController();
  const backend = createDemoBackend({ id: "demo", delayMs: 10_000 });
  const batches = backend.generate(createRequest(), createContext(controller.signal))[Symbol.asyncIterator]();
  await batches.next();

  const pending = batches.next();
  controller.abort(new Error("the client left"));

  expect(await reasonOf(pending)).toEqual(new Error("the client left"));
});

test("nothing is generated for a signal that is aborted already", async () => {
  const backend = createDemoBackend({ id: "demo", delayMs: 0 });
  const context = createContext(AbortSignal.abort(new Error("too late")));

  const failure = await reasonOf(Array.fromAsync(backend.generate(createRequest(), context)));

  expect(failure).toEqual(new Error("too late"));
});

test("it serves the model demo and is ready", async () => {
  const backend = createDemoBackend({ id: "local", delayMs: 0 });
  const { signal } = new AbortController();

  expect(backend).toMatchObject({ id: "local", kind: "demo" });
  expect(await backend.models(signal)).toEqual([{ id: "demo", ownedBy: "oai-serve" }]);
  await backend.ready(signal);
});

async function reasonOf(failing: Promise<unknown>): Promise<unknown> {
  return failing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

async function answerOf(changes: Partial<GenerationRequest>): Promise<Choice> {
  return onlyChoice(await answer(changes));
}

async function textOf(batches: readonly EventBatch[]): Promise<string> {
  return (await onlyChoice(batches)).text;
}

async function onlyChoice(batches: readonly EventBatch[]): Promise<Choice> {
  const { choices } = await collect(replay(batches));
  const [choice] = choices;
  if (choice === undefined) throw new Error("There is no choice.");
  return choice;
}

async function* replay(batches: readonly EventBatch[]): AsyncGenerator<EventBatch> {
  yield* batches;
}
