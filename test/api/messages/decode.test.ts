import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { decode } from "../../../src/api/messages/decode.ts";
import { MessageRequest } from "../../../src/api/messages/schema.ts";
import { ServeError } from "../../../src/core/error.ts";
import type { ContentPart, Message } from "../../../src/core/generation.ts";
import { arbitraryFor } from "../../support/arbitrary-schema.ts";

const hello = { max_tokens: 100, messages: [{ role: "user", content: "Hi" }] };

/** A body that the schema accepts, as the route gets it. */
function accepted(body: Record<string, unknown>): MessageRequest {
  const whole: unknown = { ...hello, ...body };
  if (!Value.Check(MessageRequest, whole)) throw new Error("The schema does not accept this body.");
  return whole;
}

const decoded = (body: Record<string, unknown>) => decode(accepted(body));
const requestOf = (body: Record<string, unknown>) => decoded(body).request;

function messagesOf(body: Record<string, unknown>): readonly Message[] {
  const { prompt } = requestOf(body);
  return prompt.kind === "messages" ? prompt.messages : [];
}

function failureOf(body: Record<string, unknown>): unknown {
  try {
    decoded(body);
  } catch (error) {
    return error;
  }
  return undefined;
}

const said = (text: string): ContentPart => ({ type: "text", text });
const user = (...content: ContentPart[]): Message => ({ role: "user", content });
const turn = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const look = { name: "look", input_schema: schema };
const search = { type: "web_search_20250305", name: "web_search" };

test("a request that gives nothing but messages leaves everything to the backend", () => {
  expect(requestOf({})).toEqual({
    model: "",
    prompt: { kind: "messages", messages: [user(said("Hi"))] },
    sampling: { maxTokens: 100 },
    choices: 1,
    tools: [],
    toolChoice: { mode: "none" },
    parallelToolCalls: true,
    output: { kind: "text" },
    namesStop: true,
    stream: false,
    extra: Object.create(null),
  });
});

test("null is the same as not given, for every field that may be absent", () => {
  const optional = Object.keys(MessageRequest.properties).filter((name) => !(name in hello));
  const nulls = Object.fromEntries(optional.map((name) => [name, null]));

  expect(decoded(nulls).request).toEqual(decoded({}).request);
  expect(decoded(nulls).ignored).toEqual([]);
});

const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBO" } };
const png: ContentPart = { type: "image", url: "data:image/png;base64,iVBO" };
const document = (source: object, more: object = {}) => ({ type: "document", source, ...more });

describe("content", () => {
  for (const [what, blocks, expected] of [
    [
      "texts, each as it is",
      [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
      [said("a"), said("b")],
    ],
    ["an image by base64", [image], [png]],
    [
      "an image by URL",
      [{ type: "image", source: { type: "url", url: "https://x.example/a.png" } }],
      [{ type: "image", url: "https://x.example/a.png" }],
    ],
    [
      "a text document",
      [document({ type: "text", media_type: "text/plain", data: "body" }, { title: "T", context: "C" })],
      [said("T\nC\nbody")],
    ],
    [
      "a document of blocks",
      [document({ type: "content", content: [{ type: "text", text: "a" }, image] }, { title: "T" })],
      [said("T\n"), said("a"), png],
    ],
    ["a document of a text", [document({ type: "content", content: "a" })], [said("a")]],
    [
      "a document by base64",
      [document({ type: "base64", media_type: "application/pdf", data: "JVBE" }, { title: "a.pdf" })],
      [{ type: "file", filename: "a.pdf", base64: "data:application/pdf;base64,JVBE" }],
    ],
    [
      "a document by its id",
      [document({ type: "file", file_id: "file_1" })],
      [{ type: "file", fileId: "file_1" }],
    ],
    [
      "a search result",
      [
        {
          type: "search_result",
          title: "T",
          source: "https://x.example",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
      ],
      [said("T\nhttps://x.example\na\nb")],
    ],
    [
      "nothing of kinds that are not known",
      [
        { type: "text", text: "a" },
        { type: "container_upload", file_id: "file_1" },
      ],
      [said("a")],
    ],
  ] as const) {
    test(`is ${what}`, () => {
      expect(messagesOf(turn(...blocks))).toEqual([user(...expected)]);
    });
  }

  test("of the cache is passed over without a word", () => {
    const cached = { type: "text", text: "a", cache_control: { type: "ephemeral" } };
    const { request, ignored } = decoded({ ...turn(cached), cache_control: { type: "ephemeral" } });

    expect(request.prompt).toEqual({ kind: "messages", messages: [user(said("a"))] });
    expect({ ignored, extra: { ...request.extra } }).toEqual({ ignored: [], extra: {} });
  });
});

describe("instructions", () => {
  for (const [what, system, expected] of [
    ["a text", "Be brief.", "Be brief."],
    [
      "blocks",
      [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind." },
      ],
      "Be brief.\n\nBe kind.",
    ],
  ] as const) {
    test(`as ${what} stand before the messages`, () => {
      expect(messagesOf({ system })).toEqual([
        { role: "system", content: [said(expected)] },
        user(said("Hi")),
      ]);
    });
  }

  for (const system of ["", []]) {
    test(`that are ${JSON.stringify(system)} are none`, () => {
      expect(messagesOf({ system })).toEqual([user(said("Hi"))]);
    });
  }

  test("in the middle stay there", () => {
    const messages = [...hello.messages, { role: "system", content: "Now in Polish." }];

    expect(messagesOf({ messages })).toEqual([
      user(said("Hi")),
      { role: "system", content: [said("Now in Polish.")] },
    ]);
  });
});

const call = { type: "tool_use", id: "toolu_1", name: "look", input: { city: "Łódź" } };
const toolCall = { id: "toolu_1", kind: "function", name: "look", arguments: '{"city":"Łódź"}' } as const;
const result = (more: object) => ({ type: "tool_result", tool_use_id: "toolu_1", ...more });

describe("earlier turns", () => {
  test("of the assistant have its calls, and not its thoughts", () => {
    const content = [
      { type: "thinking", thinking: "Hm.", signature: "c2ln" },
      { type: "redacted_thinking", data: "xyz" },
      { type: "text", text: "I look." },
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
      call,
    ];

    expect(messagesOf({ messages: [{ role: "assistant", content }] })).toEqual([
      { role: "assistant", content: [said("I look.")], toolCalls: [toolCall] },
    ]);
  });

  for (const [what, more, text, after] of [
    ["a text", { content: "sunny" }, "sunny", []],
    ["nothing", {}, "", []],
    [
      "texts",
      {
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      "a\nb",
      [],
    ],
    ["an error", { content: "no such city", is_error: true }, "Error: no such city", []],
    ["a text and an image", { content: [{ type: "text", text: "a" }, image] }, "a", [user(png)]],
    ["an image", { content: [image] }, "The outcome follows.", [user(png)]],
    ["a kind that is not known", { content: [{ type: "tool_reference", tool_name: "x" }] }, "", []],
  ] as const) {
    test(`have the outcome of a call that is ${what}`, () => {
      expect(messagesOf(turn(result(more)))).toEqual([
        { role: "tool", content: [said(text)], toolCallId: "toolu_1" },
        ...after,
      ]);
    });
  }

  test("have the outcomes first, then what else the user says", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "And?" }, result({ content: "sunny" })] },
    ];

    expect(messagesOf({ messages })).toEqual([
      { role: "tool", content: [said("sunny")], toolCallId: "toolu_1" },
      user(said("And?")),
    ]);
  });

  test("of one side that follow each other are one", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: [image] },
      { role: "user", content: "b" },
      { role: "user", content: "c" },
      { role: "assistant", content: "d" },
      { role: "assistant", content: [call] },
    ];

    expect(messagesOf({ messages })).toEqual([
      user(said("a"), png, said("b"), said("\n\n"), said("c")),
      { role: "assistant", content: [said("d")], toolCalls: [toolCall] },
    ]);
  });

  test("of which nothing is left are left out", () => {
    const messages = [
      ...hello.messages,
      { role: "assistant", content: [{ type: "thinking", thinking: "Hm.", signature: "" }] },
      { role: "user", content: [] },
      { role: "assistant", content: "So" },
    ];

    expect(messagesOf({ messages })).toEqual([
      user(said("Hi")),
      { role: "assistant", content: [said("So")] },
    ]);
  });

  test("may not be nothing at all", () => {
    expect(failureOf({ system: "Be brief.", ...turn({ type: "thinking" }) })).toMatchObject({
      kind: "invalid_request",
      param: "messages",
    });
  });
});

describe("tools", () => {
  test("are functions with a schema", () => {
    const tool = { ...look, description: "Looks.", strict: true, type: "custom", cache_control: null };

    expect(requestOf({ tools: [tool] })).toMatchObject({
      tools: [{ kind: "function", name: "look", description: "Looks.", parameters: schema, strict: true }],
      toolChoice: { mode: "auto" },
    });
  });

  test("of Anthropic's own are left out and named", () => {
    const { request, ignored } = decoded({
      tools: [search, look, { type: "bash_20250124", name: "bash" }, { type: "computer_toolset_20260801" }],
    });

    expect(request.tools.map(({ name }) => name)).toEqual(["look"]);
    expect(ignored).toEqual([
      "tools.web_search_20250305",
      "tools.bash_20250124",
      "tools.computer_toolset_20260801",
    ]);
  });

  for (const [choice, expected] of [
    [{ type: "auto" }, { toolChoice: { mode: "auto" }, parallelToolCalls: true }],
    [{ type: "any" }, { toolChoice: { mode: "required" }, parallelToolCalls: true }],
    [{ type: "none" }, { toolChoice: { mode: "none" }, parallelToolCalls: true }],
    [
      { type: "tool", name: "look" },
      { toolChoice: { mode: "named", name: "look" }, parallelToolCalls: true },
    ],
    [
      { type: "any", disable_parallel_tool_use: true },
      { toolChoice: { mode: "required" }, parallelToolCalls: false },
    ],
  ] as const) {
    test(`are chosen by ${JSON.stringify(choice)}`, () => {
      expect(requestOf({ tools: [look], tool_choice: choice })).toMatchObject(expected);
    });
  }

  for (const [what, tools, choice] of [
    ["any of none", [], { type: "any" }],
    ["any of those left out", [search], { type: "any" }],
    ["one that was left out", [search, look], { type: "tool", name: "web_search" }],
    ["one that is not there", [look], { type: "tool", name: "nope" }],
  ] as const) {
    test(`cannot be forced to be ${what}`, () => {
      expect(failureOf({ tools, tool_choice: choice })).toMatchObject({
        kind: "invalid_request",
        param: "tool_choice",
      });
    });
  }

  test("with what is no JSON Schema are refused, by their place in the request", () => {
    const broken = { name: "broken", input_schema: { type: "object", properties: { a: { type: "nope" } } } };

    expect(failureOf({ tools: [search, broken] })).toMatchObject({
      kind: "invalid_request",
      param: "tools[1].input_schema.properties.a.type",
    });
  });
});

const format = { type: "json_schema", schema };
const output = { kind: "json-schema", name: "answer", schema, strict: false } as const;

describe("other fields", () => {
  for (const [what, body, expected] of [
    [
      "sampling",
      { temperature: 0, top_p: 0, top_k: 0 },
      { sampling: { maxTokens: 100, temperature: 0, topP: 0, topK: 0 } },
    ],
    [
      "stop sequences but for empty ones",
      { stop_sequences: ["a", ""] },
      { sampling: { maxTokens: 100, stop: ["a"] } },
    ],
    ["a format", { output_config: { format } }, { output }],
    ["a format by its older name", { output_format: format }, { output }],
    ["an effort", { output_config: { effort: "max" } }, { reasoning: { effort: "max", isHint: true } }],
    [
      "a small budget",
      { thinking: { type: "enabled", budget_tokens: 4_096 } },
      { reasoning: { effort: "low", isHint: true } },
    ],
    [
      "a budget",
      { thinking: { type: "enabled", budget_tokens: 16_384 } },
      { reasoning: { effort: "medium", isHint: true } },
    ],
    [
      "a large budget",
      { thinking: { type: "enabled", budget_tokens: 16_385 } },
      { reasoning: { effort: "high", isHint: true } },
    ],
    [
      "an effort before a budget",
      { thinking: { type: "enabled", budget_tokens: 1_024 }, output_config: { effort: "high" } },
      { reasoning: { effort: "high", isHint: true } },
    ],
    [
      "no thinking before an effort",
      { thinking: { type: "disabled" }, output_config: { effort: "high" } },
      { reasoning: { effort: "none", isHint: true } },
    ],
    ["unknown ones, to be sent on", { min_p: 0.1 }, { extra: { min_p: 0.1 } }],
  ] as const) {
    test(`are ${what}`, () => {
      expect({ ...requestOf(body) }).toMatchObject(expected);
    });
  }

  for (const thinking of [{ type: "adaptive" }, { type: "between_tools" }]) {
    test(`ask for nothing where thinking is ${thinking.type}`, () => {
      expect(requestOf({ thinking })).not.toHaveProperty("reasoning");
    });
  }

  for (const [thinking, display] of [
    [undefined, "shown"],
    [{ type: "adaptive" }, "shown"],
    [{ type: "adaptive", display: "omitted" }, "omitted"],
    [{ type: "disabled" }, "hidden"],
  ] as const) {
    test(`have thoughts ${display} for ${JSON.stringify(thinking)}`, () => {
      expect(decoded({ thinking: thinking ?? null }).thinking).toBe(display);
    });
  }

  test("of Anthropic's own service are named and not sent on", () => {
    const own = { context_management: { edits: [] }, mcp_servers: [], container: null, speed: "fast" };
    const { ignored, request } = decoded(own);

    expect(ignored).toEqual(["context_management", "mcp_servers", "speed"]);
    expect({ ...request.extra }).toEqual({});
  });

  test("that ask for a conversation to be held are refused, so that nothing of it is missed", () => {
    expect(failureOf({ thread: { type: "create" } })).toMatchObject({
      kind: "invalid_request",
      code: "thread_unsupported_request",
      param: "thread",
    });
    expect(decoded({ thread: null }).ignored).toEqual([]);
  });

  test("that keep books have no effect and are not named", () => {
    const { ignored, request } = decoded({ metadata: { user_id: "u" }, service_tier: "auto" });

    expect(ignored).toEqual([]);
    expect({ ...request.extra }).toEqual({});
  });
});

test("whatever the schema accepts is decoded or refused as invalid", () =>
  fc.assert(
    fc.property(arbitraryFor(MessageRequest), (body) => {
      const valid = Value.Check(MessageRequest, body);
      fc.pre(valid);
      if (!valid) return;

      let thrown: unknown;
      try {
        decode(body);
      } catch (error) {
        thrown = error;
      }

      expect(thrown === undefined || (thrown instanceof ServeError && thrown.status === 400)).toBe(true);
    }),
  ));
