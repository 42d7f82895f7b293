import { describe, expect, test } from "bun:test";
import type { Capabilities, GenerationRequest, Tool } from "../../../src/core/generation.ts";
import { demandOf } from "../../../src/dispatch/hold/demand.ts";
import { textRequest } from "../../support/calls.ts";
import { scripted } from "../../support/scripted.ts";

const schema = { type: "object" };
const tool: Tool = { kind: "function", name: "f", parameters: schema, strict: true };
const output = { kind: "json-schema", name: "s", schema, strict: true } as const;
const prompt = { kind: "messages", messages: [] } as const;

async function capabilities(more: Partial<Capabilities>): Promise<Capabilities> {
  return { ...(await scripted([]).capabilities("any")), freeChoice: false, ...more };
}

/** [what, the request, what the backend enforces, what is left to dispatch] */
const cases: readonly [string, Partial<GenerationRequest>, Partial<Capabilities>, readonly string[]][] = [
  ["a format that the backend enforces", { output }, { json: true }, []],
  ["a format that it does not", { output }, { json: false }, ["format"]],
  [
    "a format beside tools",
    { output, tools: [tool], toolChoice: { mode: "auto" } },
    {},
    ["format", "strict"],
  ],
  [
    "a format beside tools, where that is enforced too",
    { output, tools: [tool], toolChoice: { mode: "auto" } },
    { freeChoice: true },
    [],
  ],
  [
    "a format beside tools that may not be called",
    { output, tools: [tool], toolChoice: { mode: "none" } },
    {},
    [],
  ],
  [
    "a forced call that the backend enforces",
    { output, tools: [tool], toolChoice: { mode: "required" } },
    {},
    [],
  ],
  [
    "a forced call that it does not",
    { tools: [tool], toolChoice: { mode: "named", name: "f" } },
    { toolChoice: false },
    ["calls", "strict"],
  ],
];

describe("What dispatch has to see to", () => {
  for (const [what, request, enforced, expected] of cases) {
    test(`with ${what}`, async () => {
      const demand = demandOf(textRequest({ prompt, ...request }), await capabilities(enforced));

      const found = [
        ...(demand?.format === undefined ? [] : ["format"]),
        ...(demand?.calls === undefined ? [] : ["calls"]),
        ...((demand?.strict.size ?? 0) === 0 ? [] : ["strict"]),
      ];
      expect(found).toEqual([...expected]);
    });
  }
});
