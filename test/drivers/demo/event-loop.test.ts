import { afterAll, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import type {
  GenerationEvent,
  GenerationRequest,
  JsonSchema,
  Message,
} from "../../../src/core/generation.ts";
import { createDemoBackend } from "../../../src/drivers/demo/backend.ts";
import { longestTurnMs } from "../../support/event-loop.ts";
import { createContext, createRequest, userMessage } from "./support.ts";

/** What one request may make the others wait; several times what it takes on a machine that is not busy. */
const maxWaitMs = 50;
const rounds = 5;
const choices = 64;
const backend = createDemoBackend({ id: "demo", delayMs: 0 });
afterAll(() => backend.close());

const schemas: readonly (readonly [name: string, schema: JsonSchema])[] = [
  ["1,200 alternatives", { anyOf: repeat(1_200, () => ({ type: "object" })) }],
  [
    "900 alternatives of which only one may hold",
    {
      oneOf: repeat(900, (index) => ({ type: "object", properties: { [`a${index}`]: { type: "string" } } })),
    },
  ],
  ["1,000 properties", object(properties(1_000, () => ({ type: "string" })))],
  ["nested repeats", object(properties(20, () => ({ type: "string", pattern: "^((x{100}){100}){100}$" })))],
  [
    "large counts",
    object(properties(20, () => ({ type: "string", pattern: "^(x{1,1000}){1,1000}$", minLength: 5_000 }))),
  ],
  [
    "1,000 different patterns",
    object(properties(1_000, (index) => ({ type: "string", pattern: `^${index}[a-z]{9}$` }))),
  ],
  [
    "many items",
    object({ list: { type: "array", minItems: 1_500, uniqueItems: true, items: object({ a: {} }) } }),
  ],
  ["60 levels", nested(20, (inner) => object({ inner }))],
  ["a thousand levels", nested(1_000, (inner) => object({ inner }))],
  ["a hundred thousand values", { enum: repeat(100_000, (index) => index) }],
  ["a long text", { const: { text: "a b ".repeat(4_700) } }],
];
for (const [name, schema] of schemas) {
  test(`${choices} answers by a schema of ${name} hold up nobody`, async () => {
    const answered: string[] = [];
    // Objects of their own for each round: what was made for one is remembered.
    const copies = repeat(rounds, () => ({
      forText: structuredClone(schema),
      forTool: structuredClone(schema),
    }));

    const wait = await longestTurnMs(rounds, async () => {
      const { forText = schema, forTool = schema } = copies.pop() ?? {};
      const output = { kind: "json-schema", name: "n", schema: forText, strict: true } as const;
      const tools = [{ kind: "function", name: "f", parameters: forTool }] as const;
      answered.push(...(await outcomes({ output })), ...(await outcomes({ tools })));
    });

    expect(
      answered.filter((outcome) => outcome !== "stop" && outcome !== "tool-calls" && outcome !== "refused"),
    ).toEqual([]);
    expect(wait).toBeLessThan(maxWaitMs);
  }, 120_000);
}

const histories: readonly (readonly [name: string, messages: readonly Message[]])[] = [
  ["16,384 messages", repeat(16_384, () => userMessage("Hello"))],
  [
    "8,000 calls and their results",
    [
      ...repeat(8_000, (index): Message => ({
        role: "assistant",
        content: [],
        toolCalls: [{ id: `call_${index}`, kind: "function", name: "f", arguments: "{}" }],
      })),
      ...repeat(8_000, (): Message => ({ role: "tool", toolCallId: "call_0", content: [] })),
    ],
  ],
  [
    "4,096 parts",
    [{ role: "user", content: repeat(4_096, () => ({ type: "text", text: "a ".repeat(500) }) as const) }],
  ],
];
for (const [name, messages] of histories) {
  test(`${choices} answers to ${name} hold up nobody`, async () => {
    const answered: string[] = [];

    const wait = await longestTurnMs(rounds, async () => {
      answered.push(...(await outcomes({ prompt: { kind: "messages", messages } })));
    });

    expect(new Set(answered)).toEqual(new Set(["stop"]));
    expect(wait).toBeLessThan(maxWaitMs);
  });
}

/** How each of the calls ended into which dispatch splits a request with 64 choices. */
async function outcomes(changes: Partial<GenerationRequest>): Promise<string[]> {
  const request = createRequest(changes);
  return Promise.all(repeat(choices, () => outcomeOf({ ...request })));
}

async function outcomeOf(request: GenerationRequest): Promise<string> {
  let last: GenerationEvent | undefined;
  try {
    for await (const batch of backend.generate(request, createContext())) last = batch.at(-1);
  } catch (error) {
    const isRefusal =
      error instanceof ServeError && error.code === "unsupported_value" && error.status === 400;
    return isRefusal ? "refused" : String(error);
  }
  return last?.type === "finish" ? last.reason : "cut off";
}

function object(own: Readonly<Record<string, unknown>>): JsonSchema {
  return { type: "object", properties: own, required: Object.keys(own), additionalProperties: false };
}

function properties(count: number, schema: (index: number) => JsonSchema): Readonly<Record<string, unknown>> {
  return Object.fromEntries(repeat(count, (index) => [`p${index}`, schema(index)]));
}

function nested(levels: number, wrap: (inner: unknown) => JsonSchema): JsonSchema {
  let schema = wrap({});
  for (let level = 1; level < levels; level++) schema = wrap(schema);
  return schema;
}

function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
