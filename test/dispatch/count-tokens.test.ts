import { describe, expect, test } from "bun:test";
import type { Capabilities, GenerationRequest } from "../../src/core/generation.ts";
import { createAdmission } from "../../src/dispatch/admission.ts";
import { createCountTokens } from "../../src/dispatch/count-tokens.ts";
import { createDispatch } from "../../src/dispatch/dispatch.ts";
import { createRegistry } from "../../src/dispatch/registry.ts";
import { createSchemaChecker } from "../../src/json-schema/checker.ts";
import { callContext, memoryLog, textRequest } from "../support/calls.ts";
import { characterTokens } from "../support/character-tokens.ts";
import { finish, text } from "../support/events.ts";
import { failureOf } from "../support/failure.ts";
import { scripted } from "../support/scripted.ts";

const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
const output = { kind: "json-schema", name: "x", schema, strict: false } as const;
const tool = { kind: "function", name: "look", description: "Looks.", parameters: schema } as const;

function createCounting(capabilities: Partial<Capabilities> = {}, contextTokens?: number) {
  const backend = scripted([[text('{"a":"b"}'), finish()]], { capabilities });
  const deps = {
    registry: createRegistry({
      backends: [backend],
      models: {
        scripted: {
          backend: backend.id,
          ...(contextTokens !== undefined && { maxContextTokens: contextTokens }),
        },
      },
      tokenModel: "gpt-4",
    }),
    tokens: characterTokens(),
    timeouts: { firstTokenMs: 0, betweenTokensMs: 0, totalMs: 0 },
  };
  const generate = createDispatch({
    ...deps,
    admission: createAdmission({ maxConcurrency: 1, maxQueue: 1 }),
    schemas: createSchemaChecker(memoryLog()),
    maxPromptBytes: 10_000,
    maxRepairs: 0,
    maxDepth: 8,
    strict: false,
    observe: () => ({ events() {}, end() {}, failed() {} }),
  });
  return { backend, count: createCountTokens(deps), generate };
}

describe("the tokens of a request", () => {
  for (const [what, request, capabilities] of [
    ["a text", {}, {}],
    ["tools", { tools: [tool], toolChoice: { mode: "auto" } }, {}],
    ["a format that the backend holds", { output }, {}],
    ["a format that is asked for in words", { output }, { json: false }],
  ] as const satisfies readonly (readonly [string, Partial<GenerationRequest>, Partial<Capabilities>])[]) {
    test(`with ${what} are as many as its usage will say`, async () => {
      const { count, generate } = createCounting(capabilities);
      const asked = textRequest({ model: "scripted", ...request });

      const counted = await count(asked, callContext());
      const { promptTokens } = await generate([asked], callContext(), { usage: true });

      expect(counted).toBe(await promptTokens());
    });
  }

  test("are counted without asking the backend, even when they are too many for it", async () => {
    const { backend, count } = createCounting({}, 4);

    expect(await count(textRequest({ model: "scripted" }), callContext())).toBeGreaterThan(4);
    expect(backend.calls).toEqual([]);
  });

  test("are not counted for a model that nobody serves", async () => {
    const { count } = createCounting();

    expect(await failureOf(count(textRequest({ model: "nope" }), callContext()))).toMatchObject({
      kind: "not_found",
      param: "model",
    });
  });
});
