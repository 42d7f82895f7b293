import { describe, expect, test } from "bun:test";
import type { Message } from "../../../../src/core/generation.ts";
import { countCommon, historyToAnswer, mergeHistory } from "../../../../src/api/common/conversation/merge.ts";

/** A letter for the role and a text: `u:Hi`; a call is `c:ID`, its result `t:ID`. */
function messages(...forms: string[]): Message[] {
  return forms.map((form): Message => {
    const text = form.slice(2);
    const content = [{ type: "text" as const, text }];
    switch (form[0]) {
      case "s":
        return { role: "system", content };
      case "u":
        return { role: "user", content };
      case "c":
        return {
          role: "assistant",
          content: [],
          toolCalls: text
            .split(",")
            .map((id) => ({ id, kind: "function", name: `f_${id}`, arguments: "{}" })),
        };
      case "t":
        return { role: "tool", content, toolCallId: text };
      default:
        return { role: "assistant", content };
    }
  });
}

describe("the transcript after a request", () => {
  const table: readonly [what: string, stored: string[], given: string[], whole: string[]][] = [
    ["a first request begins it", [], ["s:A", "u:1"], ["s:A", "u:1"]],
    ["what has no answer is appended", ["u:1", "a:2"], ["u:3"], ["u:1", "a:2", "u:3"]],
    ["several are appended", ["u:1", "a:2"], ["u:3", "u:4"], ["u:1", "a:2", "u:3", "u:4"]],
    ["the same question is asked again", ["u:1", "a:2"], ["u:1"], ["u:1", "a:2", "u:1"]],
    ["an answer makes it the whole history", ["u:1", "a:2"], ["u:1", "a:2", "u:3"], ["u:1", "a:2", "u:3"]],
    ["an edit replaces", ["u:1", "a:2", "u:3", "a:4"], ["u:1", "a:2", "u:x"], ["u:1", "a:2", "u:x"]],
    ["a shorter history replaces", ["u:1", "a:2", "u:3", "a:4"], ["u:1", "a:2"], ["u:1", "a:2"]],
    [
      "the same system message is not doubled",
      ["s:A", "u:1", "a:2"],
      ["s:A", "u:3"],
      ["s:A", "u:1", "a:2", "u:3"],
    ],
    ["another system message replaces", ["s:A", "u:1", "a:2"], ["s:B", "u:3"], ["s:B", "u:1", "a:2", "u:3"]],
    ["a system message comes first", ["u:1", "a:2"], ["s:B", "u:3"], ["s:B", "u:1", "a:2", "u:3"]],
    ["without one the stored stays", ["s:A", "u:1", "a:2"], ["u:3"], ["s:A", "u:1", "a:2", "u:3"]],
    ["a result is appended to its call", ["u:1", "c:x"], ["t:x"], ["u:1", "c:x", "t:x"]],
    ["a system message among others is added", ["u:1", "a:2"], ["u:3", "s:C"], ["u:1", "a:2", "u:3", "s:C"]],
  ];
  for (const [what, stored, given, whole] of table) {
    test(what, () => {
      expect(mergeHistory(messages(...stored), messages(...given))).toEqual(messages(...whole));
    });
  }

  test("the older form of a result answers the last call of that function", () => {
    const given: Message[] = [{ role: "tool", content: [], toolCallId: "f_x", name: "f_x" }];

    const whole = mergeHistory(messages("u:1", "c:x"), given);

    expect(whole.at(-1)).toMatchObject({ toolCallId: "x" });
  });
});

describe("what two transcripts have in common", () => {
  const image: Message = { role: "user", content: [{ type: "image", url: "data:a" }] };
  const table: readonly [what: string, one: Message, other: Message, isSame: boolean][] = [
    ["equal texts", ...pair("u:1", "u:1"), true],
    ["other texts", ...pair("u:1", "u:2"), false],
    ["other roles", ...pair("u:1", "a:1"), false],
    ["no text and an empty one", { role: "assistant", content: [] }, only("a:"), true],
    [
      "a text in parts",
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      only("u:ab"),
      true,
    ],
    [
      "a refusal and a text",
      { role: "assistant", content: [{ type: "refusal", text: "1" }] },
      only("a:1"),
      false,
    ],
    ["equal images", image, { role: "user", content: [{ type: "image", url: "data:a" }] }, true],
    ["other images", image, { role: "user", content: [{ type: "image", url: "data:b" }] }, false],
    ["no arguments and empty ones", call("1", ""), call("1", "{}"), true],
    ["other arguments", call("1", "{}"), call("1", '{"a":1}'), false],
    ["other calls", call("1", "{}"), call("2", "{}"), false],
    ["a call and none", call("1", "{}"), { role: "assistant", content: [] }, false],
    ["other results", ...pair("t:1", "t:2"), false],
  ];
  for (const [what, one, other, isSame] of table) {
    test(`${what}: ${isSame ? "the same" : "not the same"}`, () => {
      expect(countCommon([one], [other])).toBe(isSame ? 1 : 0);
      expect(countCommon([other], [one])).toBe(isSame ? 1 : 0);
    });
  }

  test("goes from the first message to the first difference", () => {
    const stored = messages("s:A", "u:1", "a:2", "u:3");

    expect(countCommon(stored, messages("s:A", "u:1", "a:2", "u:3", "a:4"))).toBe(4);
    expect(countCommon(stored, messages("s:A", "u:1", "a:x", "u:3"))).toBe(2);
    expect(countCommon(stored, messages("s:A"))).toBe(1);
    expect(countCommon([], stored)).toBe(0);
  });
});

describe("what is to be answered", () => {
  const table: readonly [what: string, stored: string[], given: string[], asked: string[]][] = [
    ["a stored call that is answered now stays", ["u:1", "c:x"], ["t:x"], ["u:1", "c:x", "t:x"]],
    ["one that nobody answers is left out", ["u:1", "c:x"], ["u:2"], ["u:1", "u:2"]],
    ["of two calls the answered one stays", ["u:1", "c:x,y"], ["t:x"], ["u:1", "c:x", "t:x"]],
    ["also behind a new system message", ["u:1", "c:x"], ["s:A", "u:2"], ["s:A", "u:1", "u:2"]],
    ["a history of the client's stays as it is", ["u:1"], ["u:1", "c:x", "u:2"], ["u:1", "c:x", "u:2"]],
  ];
  for (const [what, stored, given, asked] of table) {
    test(what, () => {
      expect(historyToAnswer(messages(...stored), messages(...given))).toEqual(messages(...asked));
    });
  }

  test("the text beside a call that nobody answers stays", () => {
    const [open] = messages("c:x");
    const stored = [
      { role: "assistant" as const, ...open, content: [{ type: "text" as const, text: "Wait." }] },
    ];

    expect(historyToAnswer(stored, messages("u:2"))).toEqual(messages("a:Wait.", "u:2"));
  });
});

function only(form: string): Message {
  const [message = { role: "user", content: [] }] = messages(form);
  return message;
}

function pair(one: string, other: string): [Message, Message] {
  const [first = { role: "user", content: [] }, second = { role: "user", content: [] }] = messages(
    one,
    other,
  );
  return [first, second];
}

function call(id: string, given: string): Message {
  return {
    role: "assistant",
    content: [],
    toolCalls: [{ id, kind: "function", name: "f", arguments: given }],
  };
}
