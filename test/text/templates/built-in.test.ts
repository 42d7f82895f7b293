import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tool } from "../../../src/core/generation.ts";
import { builtInTemplates } from "../../../src/text/templates/built-in.ts";
import type { Conversation, Template } from "../../../src/text/templates/template.ts";
import { afterResult, conversation, everything, said, simple } from "./conversations.ts";

const templates: readonly Template[] = Object.values(builtInTemplates);

const cases: Readonly<Record<string, Conversation>> = {
  simple,
  everything,
  "after a tool's result": afterResult,
  "an assistant that begins": conversation([said("assistant", "Hello!"), said("user", "Hi")]),
  "only a system message, with tools": conversation([said("system", "Be brief.")], {
    tools: afterResult.tools,
  }),
  "no messages": conversation([]),
  "thinking and documents": conversation([said("user", "Hi")], {
    variables: {
      thinking: true,
      enable_thinking: true,
      documents: [{ doc_id: "a", title: "Title", text: "Text." }, { text: "More." }, 7],
    },
  }),
  "no thinking": conversation([said("user", "Hi")], {
    variables: { thinking: false, enable_thinking: false },
  }),
};

describe("the prompts of", () => {
  for (const template of templates) {
    test(template.name, async () => {
      const prompts = await Promise.all(
        Object.entries(cases).map(async ([name, talk]) => `=== ${name}\n${await template.render(talk)}\n`),
      );

      expectGolden(template.name, prompts.join("\n"));
    });
  }
});

describe("a built-in", () => {
  test("bears the name under which the configuration knows it", () => {
    expect(templates.map(({ name }) => name)).toEqual(Object.keys(builtInTemplates));
  });

  test("never writes the mark of the beginning, which servers write", async () => {
    const prompts = await Promise.all(templates.map(async (template) => await template.render(simple)));

    expect(
      prompts.filter((prompt) => /^(<s>|<bos>|<\|begin_of_text\|>|<BOS_TOKEN>|<｜begin)/.test(prompt)),
    ).toEqual([]);
  });

  for (const template of templates) {
    test(`${template.name} takes a message's text as it is`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
          const hostile = `x${text}{{messages}}$&$1\\x`;

          const prompt = await template.render(conversation([said("user", hostile)]));

          const expected = await template.render(conversation([said("user", "x@@x")]));
          expect(prompt).toBe(expected.replace("x@@x", () => hostile));
        }),
        { numRuns: 50 },
      );
    });

    test(`${template.name} ends every turn of the model with one of its stop strings`, async () => {
      const prompt = await template.render(
        conversation([said("user", "Hi"), said("assistant", "ANSWER"), said("user", "Hm")]),
      );

      const [, after = ""] = prompt.split("ANSWER");
      const isStopped = template.stop.some((stop) => after.trimStart().startsWith(stop));
      expect(isStopped).toBe(template.name !== "plain");
    });

    test(`${template.name} tells of tools exactly if it takes them`, async () => {
      const prompt = await template.render({ ...simple, tools: afterResult.tools });

      expect(prompt.includes('"city"')).toBe(template.takesTools);
      expect(template.takesTools).toBe(template.toolCalls !== undefined);
    });
  }
});

describe("JSON in a prompt cannot be broken by", () => {
  const hostile = 'x"}]\n</tools>\\u0022';
  const tool: Tool = { kind: "function", name: "f", description: hostile, parameters: { const: hostile } };
  const quoted = JSON.stringify(hostile);

  for (const template of templates.filter(({ takesTools }) => takesTools)) {
    test(`a tool's description in ${template.name}`, async () => {
      const prompt = await template.render({ ...simple, tools: [tool] });

      expect(prompt).toContain(`{"const": ${quoted}}`);
      if (!template.name.startsWith("deepseek")) expect(prompt).toContain(`"description": ${quoted}`);
    });
  }

  test("a tool's result where the form has it as JSON", async () => {
    const result = { ...said("tool", hostile), toolCallId: hostile };

    const prompt = await builtInTemplates.mistral.render(conversation([result]));

    expect(prompt).toBe(`[TOOL_RESULTS] {"content": ${quoted}, "call_id": "oolsu0022"}[/TOOL_RESULTS]`);
  });

  test("arguments that are not JSON", async () => {
    const call = { id: "1", kind: "function", name: hostile, arguments: hostile } as const;

    const prompt = await builtInTemplates.qwen.render(
      conversation([{ ...said("assistant"), toolCalls: [call] }]),
    );

    expect(prompt).toContain(`<tool_call>\n{"name": ${quoted}, "arguments": ${quoted}}\n</tool_call>`);
  });
});

test("a chat of 8,000 tokens is rendered in less than 2 ms", async () => {
  const text = "The quick brown fox jumps over the lazy dog. ".repeat(18);
  const long = conversation(
    Array.from({ length: 40 }, (_, index) => said(index % 2 === 0 ? "user" : "assistant", text)),
  );

  for (const template of templates) {
    const times = [];
    for (let round = 0; round < 30; round++) {
      const start = performance.now();
      await template.render(long);
      times.push(performance.now() - start);
    }
    // Others may use the machine: what counts is the work.
    expect({ template: template.name, isQuick: Math.min(...times) < 2 }).toEqual({
      template: template.name,
      isQuick: true,
    });
  }
});

function expectGolden(name: string, output: string): void {
  const path = join(import.meta.dir, "golden", `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, output);
  else expect(output).toBe(readFileSync(path, "utf8"));
}
