import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createEchoFilter, type Echo } from "../../../../src/drivers/kserve/dialects/echo.ts";

function filtered(prompt: string, echo: Echo, texts: readonly string[]): string {
  const filter = createEchoFilter(prompt, echo);
  return texts.map((text) => filter.push(text)).join("") + filter.end();
}

const prompt = "Say it, Sam.";
const cut = (text: string, ends: readonly number[]) => {
  const places = ends.map((end) => end % (text.length + 1)).toSorted((one, other) => one - other);
  return [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
};

describe("an answer", () => {
  test("loses the prompt that it begins with, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat(), { maxLength: 8 }), (answer, ends) => {
        expect(filtered(prompt, "always", cut(prompt + answer, ends))).toBe(answer);
        expect(filtered(prompt, "unknown", cut(prompt + answer, ends))).toBe(answer);
      }),
    );
  });

  test("keeps all where it begins otherwise, wherever it is cut", () => {
    const answers = fc
      .tuple(fc.nat({ max: prompt.length - 1 }), fc.string())
      .map(([length, rest]) => prompt.slice(0, length) + rest);
    fc.assert(
      fc.property(
        answers.filter((answer) => !answer.startsWith(prompt)),
        fc.array(fc.nat(), { maxLength: 8 }),
        (answer, ends) => expect(filtered(prompt, "always", cut(answer, ends))).toBe(answer),
      ),
    );
  });

  test("keeps the prompt where none is repeated", () => {
    expect(filtered(prompt, "never", [prompt, "!"])).toBe(`${prompt}!`);
  });

  test("keeps a prompt that is so short that it may begin with it by chance", () => {
    expect(filtered("Hi", "unknown", ["Hi there"])).toBe("Hi there");
    expect(filtered("Hi", "always", ["Hi there"])).toBe(" there");
  });

  test("loses the prompt once", () => {
    expect(filtered(prompt, "always", [prompt, prompt])).toBe(prompt);
  });
});
