import { afterAll, describe, expect, test } from "bun:test";
import type { Message } from "../../../src/core/generation.ts";
import { builtInTemplates } from "../../../src/text/templates/built-in.ts";
import { closeTemplateThreads, createJinjaTemplate } from "../../../src/text/templates/jinja/template.ts";
import type { Template } from "../../../src/text/templates/template.ts";
import { longestTurnMs, maxLargeTurnMs } from "../../support/event-loop.ts";
import { conversation, said } from "./conversations.ts";

afterAll(closeTemplateThreads);

const jinja = createJinjaTemplate({
  name: "jinja",
  source:
    "{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.function.arguments | tojson }}\n{% endfor %}{% endfor %}",
});

function calling(...texts: readonly string[]): Message {
  return {
    ...said("assistant"),
    toolCalls: texts.map((text, index) => ({
      id: `call_${index}`,
      kind: "function",
      name: "f",
      arguments: text,
    })),
  };
}

const nested = (depth: number) => `${'{"a": '.repeat(depth)}1${"}".repeat(depth)}`;
const many = (count: number) => `{"a": [${"0, ".repeat(count - 6)}0]}`;
const long = (characters: number) => `{"a": "${"x".repeat(characters - 9)}"}`;

/** Objects within bounds stand as they are written, what is beyond them as text. */
const bounds: readonly (readonly [string, (size: number) => string, number])[] = [
  ["nested", nested, 64],
  ["of many values", many, 20_000],
  ["long", long, 262_144],
];

for (const template of [builtInTemplates.qwen, jinja]) {
  describe(`the arguments of a call in ${template.name}`, () => {
    for (const [what, write, most] of bounds) {
      test(`stay an object when they are ${what} within bounds, and are a text beyond`, async () => {
        const prompt = await template.render(conversation([calling(write(most), write(most + 1))]));

        expect(prompt).toContain(write(most));
        expect(prompt).toContain(JSON.stringify(write(most + 1)));
      });
    }

    test("are texts once all together have too many values, those of later calls first", async () => {
      const prompt = await template.render(
        conversation([calling(...Array.from({ length: 6 }, () => many(19_000)))]),
      );

      expect(prompt.split("\n").filter((line) => line.includes(many(19_000)))).toHaveLength(5);
      expect(prompt.indexOf(JSON.stringify(many(19_000)))).toBeGreaterThan(prompt.lastIndexOf(many(19_000)));
    });
  });
}

const hostile: readonly (readonly [string, string])[] = [
  ["50,000 levels", `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`],
  ["8 million empty arrays", `{"a":[${"[],".repeat(8_000_000)}0]}`],
  ["16 MB of quotes", `{"a":"${String.raw`\"`.repeat(8_000_000)}"}`],
];

describe("the event loop is not held by arguments of", () => {
  for (const [what, text] of hostile) {
    for (const template of [builtInTemplates.qwen, jinja] satisfies Template[]) {
      test(`${what} in ${template.name}`, async () => {
        const talk = conversation([said("user", "Hi"), calling(text)]);

        const longest = await longestTurnMs(5, async () => await template.render(talk));

        expect(longest).toBeLessThan(maxLargeTurnMs);
      });
    }
  }
});
