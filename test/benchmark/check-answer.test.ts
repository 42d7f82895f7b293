import { describe, expect, test } from "bun:test";
import { checkStream, checkWhole } from "../../scripts/benchmark/load/check-answer.ts";
import { answerTo, calledTool, tokenText } from "../../scripts/benchmark/task.ts";

const task = { tokens: 3, voice: 2, paceMs: 0, kind: "text" } as const;
const tokens = [0, 1, 2].map((index) => tokenText(task.voice, index));

const chunk = (fields: object, reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: fields, finish_reason: reason }] })}\n\n`;
const delta = (content: string, reason: string | null = null) => chunk({ content }, reason);
const role = delta("");
const [first = "", second = "", third = ""] = tokens.map((token) => delta(token));
const finish = delta("", "stop");
const done = "data: [DONE]\n\n";

const body = (content: string, reason = "stop") =>
  JSON.stringify({ choices: [{ message: { content }, finish_reason: reason }] });

describe("checkStream", () => {
  test("takes the whole answer, with comments between", () => {
    expect(() =>
      checkStream(200, [role, first, ": ping\n\n", second, third, finish, done].join(""), task),
    ).not.toThrow();
  });

  for (const [name, frames, status] of [
    ["a lost token", [role, first, third, finish, done]],
    ["a token twice", [role, first, second, second, third, finish, done]],
    ["tokens out of order", [role, second, first, third, finish, done]],
    ["a token of another answer", [role, first, delta(tokenText(3, 1)), third, finish, done]],
    ["two tokens in one frame", [role, delta(tokens.slice(0, 2).join("")), third, finish, done]],
    ["no finish", [role, first, second, third, done]],
    ["another finish", [role, first, second, third, delta("", "length"), done]],
    ["text after the finish", [role, first, second, finish, third, done]],
    ["no [DONE]", [role, first, second, third, finish]],
    ["something after [DONE]", [role, first, second, third, finish, done, finish]],
    ["half a frame", [role, first, second, third, finish, done.slice(0, -1)]],
    ["an error status", [role, first, second, third, finish, done], 503],
  ] as const) {
    test(`refuses ${name}`, () => {
      expect(() => checkStream(status ?? 200, frames.join(""), task)).toThrow("Wrong answer");
    });
  }
});

describe("checkStream of a call", () => {
  const asked = { ...task, kind: "call" } as const;
  const { reasoning, text, arguments: written } = answerTo(asked);
  const thought = chunk({ reasoning_content: reasoning });
  const start = (name: string) =>
    chunk({ tool_calls: [{ index: 0, id: "1", function: { name, arguments: "" } }] });
  const called = chunk({ tool_calls: [{ index: 0, function: { arguments: written } }] });
  const end = chunk({}, "tool_calls");

  test("takes the whole answer", () => {
    const frames = [role, thought, delta(text), start(calledTool), called, end, done];

    expect(() => checkStream(200, frames.join(""), asked)).not.toThrow();
  });

  for (const [name, frames] of [
    ["no reasoning", [role, delta(text), start(calledTool), called, end, done]],
    ["reasoning in the text", [role, delta(reasoning), delta(text), start(calledTool), called, end, done]],
    ["no call", [role, thought, delta(text), end, done]],
    ["a call of another tool", [role, thought, delta(text), start("other"), called, end, done]],
    ["arguments twice", [role, thought, delta(text), start(calledTool), called, called, end, done]],
    ["another finish", [role, thought, delta(text), start(calledTool), called, finish, done]],
  ] as const) {
    test(`refuses ${name}`, () => {
      expect(() => checkStream(200, frames.join(""), asked)).toThrow("Wrong answer");
    });
  }
});

describe("checkWhole", () => {
  test("takes the whole answer", () => {
    expect(() => checkWhole(200, body(tokens.join("")), task)).not.toThrow();
  });

  for (const [name, text, status] of [
    ["a part of it", body(tokens.slice(1).join("")), 200],
    ["another finish", body(tokens.join(""), "length"), 200],
    ["an error status", body(tokens.join("")), 502],
    ["something else", "{}", 200],
  ] as const) {
    test(`refuses ${name}`, () => {
      expect(() => checkWhole(status, text, task)).toThrow("Wrong answer");
    });
  }
});
