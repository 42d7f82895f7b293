import { describe, expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { Capabilities, ContentPart, GenerationRequest, Sampling } from "../../src/core/generation.ts";
import { ignoredFields, refuseIgnored, refuseUnsupported } from "../../src/dispatch/refuse.ts";
import { textRequest } from "../support/calls.ts";
import { canDoAnything } from "../support/scripted.ts";

const canDoNothing: Capabilities = {
  text: true,
  choices: 1,
  sampling: new Set(),
  extra: new Set(),
  logprobs: false,
  echoLogprobs: false,
  bestOf: false,
  tools: false,
  toolChoice: false,
  images: false,
  audio: false,
  files: false,
  suffix: false,
  tokenPrompts: false,
  json: false,
  reasoningEffort: false,
  reportsLength: false,
};

const schema = { kind: "json-schema", name: "s", schema: {} } as const;
const tools = [{ kind: "function", name: "f" }] as const;

const refused: [string, Partial<GenerationRequest>, string][] = [
  ["logprobs", { logprobs: { top: 0 } }, "logprobs"],
  ["tools", { tools }, "tools"],
  ["a suffix", { suffix: "x" }, "suffix"],
  ["logprobs of the prompt", { echoLogprobs: true }, "logprobs"],
];

describe("a backend that cannot do it makes an error of", () => {
  for (const [what, request, param] of refused) {
    test(what, () => {
      expect(() => refuseUnsupported(textRequest(request), canDoNothing)).toThrow(
        expect.objectContaining({ kind: "invalid_request", code: "unsupported_parameter", param }),
      );
      expect(() => refuseUnsupported(textRequest(request), canDoAnything)).not.toThrow();
    });
  }
});

const media: ContentPart[] = [
  { type: "image", url: "data:," },
  { type: "audio", base64: "", format: "wav" },
  { type: "file", fileId: "file" },
];

for (const part of media) {
  test(`${part.type} content that the model does not take is an error that names its place`, () => {
    const prompt = {
      kind: "messages",
      messages: [
        { role: "system", content: [{ type: "text", text: "x" }] },
        { role: "user", content: [{ type: "text", text: "x" }, part] },
      ],
    } as const;

    expect(() => refuseUnsupported(textRequest({ prompt }), canDoNothing)).toThrow(
      expect.objectContaining({ code: "unsupported_value", param: "messages[1].content[1]" }),
    );
    expect(() => refuseUnsupported(textRequest({ prompt }), canDoAnything)).not.toThrow();
  });
}

const accepted: [string, Partial<GenerationRequest>][] = [
  ["nothing special", {}],
  ["tools that may not be called", { tools, toolChoice: { mode: "none" } }],
  ["a schema that must hold", { output: { ...schema, strict: true } }],
  ["a schema that need not hold", { output: { ...schema, strict: false } }],
  ["any JSON", { output: { kind: "json" } }],
  ["several choices", { choices: 8 }],
  ["stop strings and a limit", { sampling: { stop: ["x"], maxTokens: 1 } }],
];
for (const [what, request] of accepted) {
  test(`no backend refuses ${what}`, () => {
    expect(() => refuseUnsupported(textRequest(request), canDoNothing)).not.toThrow(ServeError);
  });
}

const everything: Required<Sampling> = {
  maxTokens: 1,
  temperature: 0,
  topP: 0,
  topK: 0,
  seed: 0,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logitBias: {},
  stop: ["x"],
};

test("fields without effect are named as on the wire; limit and stop strings always have one", () => {
  const request = textRequest({
    sampling: everything,
    output: { kind: "json" },
    reasoning: { effort: "low" },
    extra: { verbosity: "low", min_p: 0.1 },
  });

  expect(ignoredFields(request, { ...canDoNothing, extra: new Set(["min_p"]) })).toEqual([
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "reasoning_effort",
    "verbosity",
  ]);
});

test("nothing is named when the backend takes everything, or nothing was given", () => {
  expect(
    ignoredFields(textRequest({ sampling: everything, output: { kind: "json" } }), canDoAnything),
  ).toEqual([]);
  expect(ignoredFields(textRequest(), canDoNothing)).toEqual([]);
});

test("a limit is named where answers come whole and it is not taken, in conversations", () => {
  const whole = { ...canDoNothing, wholeOnly: true };
  const sampling = { maxTokens: 3 };
  const prompt = { kind: "messages", messages: [] } as const;

  expect(ignoredFields(textRequest({ prompt, sampling }), whole)).toEqual(["max_tokens"]);
  expect(ignoredFields(textRequest({ prompt: { kind: "text", text: "a" }, sampling }), whole)).toEqual([]);
  expect(ignoredFields(textRequest({ prompt, sampling }), canDoNothing)).toEqual([]);
});

test("names that are no header text are left out, and there are never more than 32", () => {
  const extra = {
    "a\r\nb": 1,
    ü: 1,
    ["x".repeat(65)]: 1,
    ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`field_${index}`, 1])),
  };

  const names = ignoredFields(textRequest({ extra }), canDoNothing);

  expect(names).toHaveLength(32);
  expect(names[0]).toBe("field_0");
});

test("a model that only embeds generates nothing", () => {
  expect(() => refuseUnsupported(textRequest(), { ...canDoAnything, text: false })).toThrow(
    expect.objectContaining({ status: 400, code: "unsupported_value", param: "model" }),
  );
});

test("more candidates than answers are refused by name where the backend cannot choose among them", () => {
  const request = textRequest({ choices: 2, bestOf: 3 });

  expect(() => refuseUnsupported(request, canDoNothing)).toThrow(
    expect.objectContaining({ status: 400, code: "unsupported_value", param: "best_of" }),
  );
  expect(() => refuseUnsupported(request, canDoAnything)).not.toThrow();
});

test("a format of the answer to a bare prompt has no effect, and is named", () => {
  const request = textRequest({ prompt: { kind: "text", text: "x" }, output: { kind: "json" } });

  expect(ignoredFields(request, canDoNothing)).toEqual(["response_format"]);
});

const withoutEffect: [string, Partial<GenerationRequest>, string, string][] = [
  ["a field that nobody knows", { extra: { foo: 1 } }, "unknown_parameter", "foo"],
  ["one whose name is no header text", { extra: { "f\n": 1 } }, "unknown_parameter", "f\n"],
  ["one that the backend does not take", { sampling: { topK: 4 } }, "unsupported_parameter", "top_k"],
  ["an effort of reasoning", { reasoning: { effort: "low" } }, "unsupported_parameter", "reasoning_effort"],
];
for (const [what, request, code, param] of withoutEffect) {
  test(`where nothing may be ignored, ${what} is refused by name`, () => {
    expect(() => refuseIgnored(textRequest(request), canDoNothing)).toThrow(
      expect.objectContaining({ status: 400, code, param }),
    );
  });
}

test("where nothing may be ignored, what has an effect is served", () => {
  const request = textRequest({ sampling: everything, extra: { min_p: 0.1 } });

  expect(() => refuseIgnored(request, { ...canDoAnything, extra: new Set(["min_p"]) })).not.toThrow();
});
