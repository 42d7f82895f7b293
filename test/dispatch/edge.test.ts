import { expect, test } from "bun:test";
import type { Capabilities, GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { Edge, emptyTally, stopsOf } from "../../src/dispatch/edge.ts";
import { textRequest } from "../support/calls.ts";
import { callDelta, callStart, finish, text, token, usage } from "../support/events.ts";
import { canDoAnything } from "../support/scripted.ts";

/** A backend that takes no stop strings and never says `length`. */
const plain: Capabilities = { ...canDoAnything, sampling: new Set(), reportsLength: false };

function createEdge(request: Partial<GenerationRequest> = {}, capabilities = plain, firstChoice = 0): Edge {
  const whole = textRequest(request);
  return new Edge({
    request: whole,
    capabilities,
    stops: stopsOf(whole, capabilities),
    firstChoice,
    keepsText: true,
  });
}

function stopped(sequence: string, choice = 0): GenerationEvent {
  return { type: "finish", choice, reason: "stop", stopSequence: sequence };
}

/** Text that is one token with its logprob. */
function scored(value: string): GenerationEvent {
  return { ...text(value), logprobs: [{ token: value, logprob: -1, bytes: null, top: [] }] };
}

test("a stop string is found across deltas and is not part of the answer", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } });

  expect(edge.apply([text("one E")])).toEqual([text("one ")]);
  expect(edge.apply([text("N")])).toEqual([]);
  expect(edge.apply([text("D two")])).toEqual([stopped("END")]);
  expect(edge.isDone).toBe(true);
});

test("text that only began like a stop string is given out when it turns out not to be one", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } });

  expect(edge.apply([text("E")])).toEqual([]);
  expect(edge.apply([text("ast")])).toEqual([text("East")]);
});

test("text held back is given out before the finish", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } });
  edge.apply([text("EN")]);

  expect(edge.apply([finish()])).toEqual([text("EN"), finish()]);
});

test("text held back is given out before a tool call that follows it", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } });
  edge.apply([text("EN")]);

  expect(edge.apply([callStart(0, "f"), callDelta(0, "{}"), finish("tool-calls")])).toEqual([
    text("EN"),
    callStart(0, "f"),
    callDelta(0, "{}"),
    finish("tool-calls"),
  ]);
});

test("a stop string is still found after a tool call, but not across it", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } });
  edge.apply([text("EN"), callStart(0, "f")]);

  expect(edge.apply([text("D, END")])).toEqual([text("D, "), stopped("END")]);
});

const keepsStop = { include_stop_str_in_output: true };
const takesStop = { ...canDoAnything, extra: new Set(Object.keys(keepsStop)) };

test("stop strings that a backend takes are cut off all the same", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } }, canDoAnything);

  expect(edge.apply([text("one END")])).toEqual([text("one "), stopped("END")]);
});

test("a text that the backend has cut already stays as it is", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } }, canDoAnything);

  expect(edge.apply([text("one "), finish("stop")])).toEqual([text("one "), finish("stop")]);
});

test("a backend that is known to cut the text is trusted with it", () => {
  const edge = createEdge({ sampling: { stop: ["END"] } }, { ...canDoAnything, cutsStop: true });

  expect(edge.apply([text("END")])).toEqual([text("END")]);
});

test("stop strings that the client wants to have stay in the text, where the backend knows that wish", () => {
  const request = { sampling: { stop: ["END"] }, extra: keepsStop };

  expect(createEdge(request, takesStop).apply([text("one END")])).toEqual([text("one END")]);
  for (const capabilities of [canDoAnything, plain, { ...takesStop, sampling: plain.sampling }]) {
    expect(createEdge(request, capabilities).apply([text("one END")])).toEqual([
      text("one "),
      stopped("END"),
    ]);
  }
});

test("the answer ends with `length` at the token that reaches the limit", () => {
  const edge = createEdge({ sampling: { maxTokens: 2 } });

  expect(edge.apply([token("a"), token("b"), token("c")])).toEqual([
    token("a"),
    token("b"),
    finish("length"),
  ]);
  expect(edge.isDone).toBe(true);
  expect(edge.tally.tokens).toBe(2);
});

test("a token without text counts towards the limit and is not sent", () => {
  const edge = createEdge({ sampling: { maxTokens: 2 } });

  expect(edge.apply([token(""), token("é")])).toEqual([token("é"), finish("length")]);
});

test("a backend that says `length` itself is trusted with the limit", () => {
  const edge = createEdge({ sampling: { maxTokens: 1 } }, canDoAnything);

  expect(edge.apply([token("a"), token("b")])).toEqual([token("a"), token("b")]);
  expect(edge.isDone).toBe(false);
});

test("text held back is given out when the limit ends the answer", () => {
  const edge = createEdge({ sampling: { maxTokens: 1, stop: ["END"] } });

  expect(edge.apply([token("EN")])).toEqual([text("EN"), finish("length")]);
});

test("a stop string and the limit in one delta is a stop", () => {
  const edge = createEdge({ sampling: { maxTokens: 1, stop: ["END"] } });

  expect(edge.apply([token("a END")])).toEqual([text("a "), stopped("END")]);
});

test("choices of one backend stop and end each for itself", () => {
  const edge = createEdge({ choices: 2, sampling: { maxTokens: 2, stop: ["END"] } });

  expect(edge.apply([token("a", 0), token("END", 1), token("b", 0)])).toEqual([
    token("a", 0),
    stopped("END", 1),
    token("b", 0),
    finish("length", 0),
  ]);
  expect(edge.isDone).toBe(true);
});

test("choices are numbered from the first of the call", () => {
  const edge = createEdge({ choices: 2 }, canDoAnything, 4);

  expect(edge.apply([text("a", 0), callStart(0, "f", 1), finish("stop", 0)])).toEqual([
    text("a", 4),
    { ...callStart(0, "f", 1), choice: 5 },
    finish("stop", 4),
  ]);
});

test("empty deltas, choices that were not asked for, usage, and what follows a finish are dropped", () => {
  const edge = createEdge({}, canDoAnything);

  expect(
    edge.apply([
      text(""),
      text("other", 7),
      { type: "reasoning-delta", choice: 0, text: "" },
      { type: "refusal-delta", choice: 0, text: "" },
      finish(),
      text("late"),
      finish("length"),
      usage(1, 1),
    ]),
  ).toEqual([finish()]);
});

test("logprobs of text that is held back or has no letters yet come with the next text", () => {
  const edge = createEdge({ sampling: { stop: ["END"] }, logprobs: { top: 0 } });
  const events = [...edge.apply([scored("E")]), ...edge.apply([scored("")]), ...edge.apply([scored("ast")])];

  expect(events).toMatchObject([
    { text: "East", logprobs: [{ token: "E" }, { token: "" }, { token: "ast" }] },
  ]);
});

test("logprobs of text held back come with it at the end", () => {
  const edge = createEdge({ sampling: { stop: ["END"] }, logprobs: { top: 0 } });
  const logprobs = [{ token: "EN", logprob: -1, bytes: null, top: [] }];

  expect(edge.apply([{ type: "text-delta", choice: 0, text: "EN", logprobs }, finish()])).toEqual([
    { type: "text-delta", choice: 0, text: "EN", logprobs },
    finish(),
  ]);
});

test("logprobs of the prompt come even if no text is generated", () => {
  const score = scored("");
  const scoring = createEdge({ echoLogprobs: true, logprobs: { top: 0 } });
  const plainLogprobs = createEdge({ logprobs: { top: 0 } });

  expect(scoring.apply([score, finish("length")])).toEqual([score, finish("length")]);
  expect(plainLogprobs.apply([score, finish("length")])).toEqual([finish("length")]);
});

test("an answer with a tool call finishes with `tool-calls` even if the backend says `stop`", () => {
  const edge = createEdge({}, canDoAnything);

  expect(edge.apply([callStart(0, "f"), finish("stop")]).at(-1)).toEqual(finish("tool-calls"));
  expect(
    createEdge({}, canDoAnything)
      .apply([callStart(0, "f"), finish("length")])
      .at(-1),
  ).toEqual(finish("length"));
});

test("without parallel calls only the first call of an answer is kept", () => {
  const edge = createEdge({ parallelToolCalls: false }, canDoAnything);

  expect(
    edge.apply([
      callStart(0, "f"),
      callDelta(0, "{}"),
      callStart(1, "g"),
      callDelta(1, "{}"),
      finish("tool-calls"),
    ]),
  ).toEqual([callStart(0, "f"), callDelta(0, "{}"), finish("tool-calls")]);
});

test("reasoning and refusals pass, and count as what they are", () => {
  const edge = createEdge({}, canDoAnything, 1);

  expect(
    edge.apply([
      { type: "reasoning-delta", choice: 0, text: "hm" },
      { type: "refusal-delta", choice: 0, text: "no" },
    ]),
  ).toEqual([
    { type: "reasoning-delta", choice: 1, text: "hm" },
    { type: "refusal-delta", choice: 1, text: "no" },
  ]);
  expect(edge.tally).toMatchObject({ uncounted: ["no"], uncountedReasoning: ["hm"] });
});

test("text without end is kept to be counted up to a limit, and the rest estimated", () => {
  const edge = createEdge({}, canDoAnything);
  const piece = "a".repeat(1 << 20);

  for (let count = 0; count < 12; count++) edge.apply([text(piece)]);

  const { tokens, uncounted } = edge.tally;
  expect(uncounted.join("").length).toBe(8 << 20);
  expect(tokens).toBe(1 << 20);
});

test("metadata passes", () => {
  const edge = createEdge();
  const metadata: GenerationEvent = { type: "metadata", fields: { iterations: 2 } };

  expect(edge.apply([metadata])).toEqual([metadata]);
});

test("the tally has tokens that came one by one, and the text of each choice that did not", () => {
  const edge = createEdge({ choices: 2 }, canDoAnything);
  edge.apply([token("one"), token("two"), finish("stop", 0)]);
  edge.apply([text("ab", 1), text("c", 1), callStart(0, "f", 1), callDelta(0, "{}", 1), finish("stop", 1)]);

  expect(edge.tally).toEqual({ ...emptyTally, tokens: 2, uncounted: ["abcf{}"] });
});

test("no text is kept when nobody will ask for usage", () => {
  const edge = new Edge({
    request: textRequest(),
    capabilities: canDoAnything,
    stops: [],
    firstChoice: 0,
    keepsText: false,
  });
  edge.apply([text("ab"), finish()]);

  expect(edge.tally).toEqual(emptyTally);
});

test("tokens of reasoning and of calls count, and those without text are not given out", () => {
  const edge = createEdge();

  const events = edge.apply([
    { type: "reasoning-delta", choice: 0, text: "", tokens: 1 },
    { type: "reasoning-delta", choice: 0, text: "hm", tokens: 2 },
    { ...text(""), tokens: 1 },
    callStart(0, "f"),
    { ...callDelta(0, ""), tokens: 3 },
    { ...callDelta(0, "{}"), tokens: 1 },
    finish("tool-calls"),
  ]);

  expect(events).toEqual([
    { type: "reasoning-delta", choice: 0, text: "hm", tokens: 2 },
    callStart(0, "f"),
    { ...callDelta(0, "{}"), tokens: 1 },
    finish("tool-calls"),
  ]);
  expect(edge.tally).toEqual({ ...emptyTally, tokens: 8, reasoningTokens: 3, uncounted: ["f"] });
});

test("the name of a call whose tokens are counted is not counted again", () => {
  const edge = createEdge();

  edge.apply([
    { ...callStart(0, "first"), tokens: 4 },
    { ...callDelta(0, "{}"), tokens: 0 },
    { ...callStart(1, "second"), tokens: 0 },
    { ...callDelta(1, "{}"), tokens: 2 },
  ]);

  expect(edge.tally).toEqual({ ...emptyTally, tokens: 6 });
});

const countedDeltas: [string, GenerationEvent][] = [
  ["reasoning", { type: "reasoning-delta", choice: 0, text: "a", tokens: 1 }],
  ["the start of a call", { ...callStart(1, "g"), tokens: 1 }],
  ["the arguments of a call", { ...callDelta(0, "a"), tokens: 1 }],
];
for (const [what, delta] of countedDeltas) {
  test(`the limit is reached in ${what} as well`, () => {
    const edge = createEdge({ sampling: { maxTokens: 2 } });
    edge.apply([callStart(0, "f")]);

    expect(edge.apply([delta, delta, delta])).toEqual([delta, delta, finish("length")]);
  });
}

test("a request that lets no tool be called gets no calls, and an end that is none of a call", () => {
  const edge = createEdge({ toolChoice: { mode: "none" } });

  expect(edge.apply([text("a"), callStart(0, "f"), callDelta(0, "{}"), finish("tool-calls")])).toEqual([
    text("a"),
    finish("stop"),
  ]);
});
