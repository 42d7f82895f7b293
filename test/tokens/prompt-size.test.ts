import { afterAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { ContentPart, GenerationRequest, Message, Tool } from "../../src/core/generation.ts";
import { createTokenCounter } from "../../src/tokens/counter.ts";
import { promptBytes } from "../../src/tokens/prompt-size.ts";
import { countPrompt } from "../../src/tokens/prompt.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";
import { recordingLog } from "./recording-log.ts";

const counter = createTokenCounter(recordingLog());
afterAll(() => counter.close());

type Sized = Pick<GenerationRequest, "prompt" | "tools">;
const ofText = (text: string): Sized => ({ prompt: { kind: "text", text }, tools: [] });
const ofParts = (content: readonly ContentPart[]): Sized => ({
  prompt: { kind: "messages", messages: [{ role: "user", content }] },
  tools: [],
});

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("", "\u0001", "\ud800", '"\\', "😀", "漢字"),
);
const { schema } = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    fc.record({ type: fc.constantFrom("string", "integer", "null", "array", "object", "other") }),
    fc.record({ enum: fc.array(fc.oneof(text, fc.double(), fc.boolean()), { maxLength: 4 }) }),
    fc.record({ const: fc.oneof(text, fc.double()) }),
    fc.record({ anyOf: fc.array(tie("schema"), { maxLength: 3 }) }),
    fc.record({ type: fc.constant(["array", "null"]), items: tie("schema") }),
    fc.record({
      type: fc.constant("object"),
      description: text,
      properties: fc.dictionary(text, tie("schema"), { maxKeys: 3 }),
      required: fc.array(text, { maxLength: 2 }),
    }),
  ),
}));
const anyTool: fc.Arbitrary<Tool> = fc.record({
  kind: fc.constantFrom("function" as const, "custom" as const),
  name: text,
  description: text,
  parameters: fc.record({ properties: fc.dictionary(text, schema, { maxKeys: 3 }) }),
});
const anyPart: fc.Arbitrary<ContentPart> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text }),
  fc.record({ type: fc.constant("refusal" as const), text }),
  fc.constant({ type: "image" as const, url: "https://example.com/a.png" }),
);
const anyMessage: fc.Arbitrary<Message> = fc.record({
  role: fc.constantFrom("system" as const, "developer" as const, "user" as const, "assistant" as const),
  name: text,
  content: fc.array(anyPart, { maxLength: 3 }),
  toolCalls: fc.array(
    fc.record({
      id: fc.constant("call_1"),
      kind: fc.constant("function" as const),
      name: text,
      arguments: text,
    }),
    { maxLength: 2 },
  ),
});

test("no prompt has more tokens than bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyMessage, { maxLength: 4 }),
      fc.array(anyTool, { maxLength: 3 }),
      async (messages, tools) => {
        const request = { prompt: { kind: "messages" as const, messages }, tools };
        const [last] = tools.slice(-1);
        const toolChoice =
          last === undefined ? { mode: "none" as const } : { mode: "named" as const, name: last.name };

        const { tokens } = await countPrompt(counter, "cl100k_base", { ...request, toolChoice });

        expect(tokens).toBeLessThanOrEqual(promptBytes(request));
        expect(promptBytes(request, 50)).toBeGreaterThanOrEqual(Math.min(50, promptBytes(request)));
      },
    ),
    { numRuns: 500 },
  );
});

const sizes: readonly (readonly [string, Sized, number])[] = [
  ["a text", ofText("Hello"), 5],
  ["a text with emoji", ofText("😀é"), 6],
  ["tokens", { prompt: { kind: "tokens", tokens: [1, 2, 3] }, tools: [] }, 3],
  ["a message", ofParts([{ type: "text", text: "Hello" }]), 8 + 24 + 4 + 5],
  ["a photo", ofParts([{ type: "image", url: `data:,${"x".repeat(5_000)}` }]), 8 + 24 + 4 + 5_006],
  ["a sound", ofParts([{ type: "audio", base64: "x".repeat(5_000), format: "wav" }]), 8 + 24 + 4 + 5_000],
  ["a file", ofParts([{ type: "file", base64: "x".repeat(5_000) }]), 8 + 24 + 4 + 5_000],
];
for (const [name, request, bytes] of sizes) {
  test(`the size of ${name}`, () => {
    expect(promptBytes(request)).toBe(bytes);
  });
}

const many = <T>(part: T): T[] => Array.from({ length: 1_000_000 }, () => part);
const ofTool = (tool: Partial<Tool>): Sized => ({
  prompt: { kind: "messages", messages: [] },
  tools: [{ kind: "function", name: "f", ...tool }],
});

describe("the way to the cap is short", () => {
  const requests: readonly (readonly [string, Sized])[] = [
    ["a long text", ofText("漢".repeat(10_000_000))],
    ["many empty parts", ofParts(many({ type: "text", text: "" }))],
    ["many files without content", ofParts(many({ type: "file" }))],
    ["a long description", ofTool({ description: "x".repeat(30_000_000) })],
    ["a long list", ofTool({ parameters: { properties: { p: { enum: many("v") } } } })],
    ["many tools", { prompt: { kind: "messages", messages: [] }, tools: many({ kind: "custom", name: "" }) }],
  ];
  for (const [name, request] of requests) {
    test(name, async () => {
      let bytes = 0;

      const turnMs = await longestTurnMs(20, async () => {
        bytes = promptBytes(request, 131_072);
      });

      expect(bytes).toBeGreaterThanOrEqual(131_072);
      expect(turnMs).toBeLessThan(maxTurnMs);
    });
  }
});
