import { afterAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ServeError } from "../../../../src/core/error.ts";
import { closeTemplateThreads, createJinjaTemplate } from "../../../../src/text/templates/jinja/template.ts";
import { rejection } from "../../../support/rejection.ts";
import { afterResult, conversation, everything, said, simple } from "../conversations.ts";
import { llamaLike, qwenLike } from "./sources.ts";

afterAll(closeTemplateThreads);

const create = (source: string, more: { bosToken?: string; eosToken?: string; addBos?: boolean } = {}) =>
  createJinjaTemplate({ name: "test", source, ...more });

const render = async (source: string, talk = simple) => await create(source).render(talk);

describe("a template of the operator", () => {
  test("gets messages, tokens and the wish for an answer", async () => {
    const source =
      "{% for m in messages %}{{ m.role }}: {{ m['content'] }}{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

    const prompt = await create(source, { eosToken: "</s>" }).render(simple);

    expect(prompt).toBe(
      "system: Be brief.</s>\nuser: Hi</s>\nassistant: Hello!</s>\nuser: What is 1+1?</s>\nassistant:",
    );
  });

  test("gets tools as OpenAI's API has them, and null when there are none", async () => {
    const source = "{{ tools is none }} {{ tools | tojson }}";

    expect(await render(source)).toBe("true null");
    expect(await render(source, { ...simple, tools: everything.tools.slice(1) })).toBe(
      `false [{"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}, ` +
        `{"type": "function", "function": {"name": "shell", "description": "Runs a command.", "parameters": {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}}}]`,
    );
  });

  test("gets calls with their arguments as objects, and results with the name of their tool", async () => {
    const source = "{{ messages[1:] | tojson }}";

    const prompt = await render(source, afterResult);

    expect(JSON.parse(prompt)).toEqual([
      {
        role: "assistant",
        content: "",
        tool_calls: [{ type: "function", id: "call_1", function: { name: "weather", arguments: {} } }],
      },
      { role: "tool", content: "rain", name: "weather", tool_call_id: "call_1" },
    ]);
  });

  test("gets what a model wrote as arguments when that is no object", async () => {
    const source = "{% for m in messages %}{{ m.tool_calls | tojson if m.tool_calls }}{% endfor %}";

    expect(await render(source, everything)).toContain('{"name": "clock", "arguments": "not json"}');
  });

  test("gets null as content of an assistant that only calls, if it asks for that", async () => {
    const source = "{{ messages[1].content is none }}{{ messages[1]['content'] is not none }}";

    expect(await render(source, afterResult)).toBe("truefalse");
    expect(
      await render(
        "{{ messages[1].reasoning_content is none }}{{ messages[1].content | tojson }}",
        afterResult,
      ),
    ).toBe('false""');
  });

  const parts = [{ type: "text", text: "Weather " }, { type: "image" }, { type: "text", text: "here?" }];
  const loop = "{% for part in m.content %}{% endfor %}";
  const assigned = "{% set c = m['content'] %}{% for part in c | list %}{% endfor %}";
  const macro = "{% macro show(content) %}{% for part in content %}{% endfor %}{% endmacro %}";
  const shapes: readonly (readonly [string, string, unknown])[] = [
    ["as text when it does not loop over it", "", "Weather here?"],
    ["as parts when it loops over it", `{% for m in [] %}${loop}{% endfor %}`, parts],
    ["as parts when it loops over a variable of it", `{% for m in [] %}${assigned}{% endfor %}`, parts],
    ["as parts when a macro loops over it", macro, parts],
    ["as parts with an image, when it takes both", `${macro}{{ messages[2].content is string }}`, parts],
  ];
  for (const [what, source, content] of shapes) {
    test(`gets content ${what}`, async () => {
      const prompt = await render(`${source}{{ messages[2].content | tojson }}`, everything);

      expect(JSON.parse(prompt.replace("false", ""))).toEqual(content);
    });
  }

  test("gets text as text, when it takes both", async () => {
    expect(await render(`${macro}{{ messages[0].content is string }}`)).toBe("true");
    expect(await render(`${macro}{{ messages[0].content | tojson }}`)).toBe(
      `[{"type": "text", "text": "Be brief."}]`,
    );
  });

  test("gets a developer as a developer only if it knows the role", async () => {
    const chat = conversation([said("developer", "Be brief.")]);

    expect(await render("{{ messages[0].role }}", chat)).toBe("system");
    expect(await render("{% if messages[0].role == 'developer' %}yes{% endif %}", chat)).toBe("yes");
  });

  test("gets variables, but not in place of the conversation", async () => {
    const source =
      "{{ enable_thinking }} {{ documents[0].text }} {{ messages | length }} {{ range(2) | join('-') }}";
    const variables = {
      enable_thinking: false,
      documents: [{ text: "a" }],
      messages: [],
      range: 7,
      namespace: 1,
    };

    expect(await render(source, { ...simple, variables })).toBe("false a 4 0-1");
  });

  test("may write the date", async () => {
    expect(await render("{{ strftime_now('%Y') }}")).toMatch(/^20\d\d$/);
  });

  test("may use what Hugging Face adds to Jinja", async () => {
    const source =
      "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{% generation %}{{ m.role }}{% endgeneration %}{% break %}{% endfor %}";

    expect(await render(source)).toBe("user");
  });

  test("writes JSON as Python does", async () => {
    const source = "{{ {'a': [1, 2.5, 'é<&>', none, true]} | tojson }}{{ [1] | tojson(indent=2) }}";

    expect(await render(source)).toBe('{"a": [1, 2.5, "é<&>", null, true]}[\n  1\n]');
  });

  test("takes a message's text as it is", async () => {
    const template = create("{{ messages[0].content }}");

    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        const hostile = `${text}{{ raise_exception('x') }}{% for %}`;

        expect(await template.render(conversation([said("user", hostile)]))).toBe(hostile);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the mark of the beginning", () => {
  test("is left to the server, once", async () => {
    const source = "{{ bos_token }}{{ bos_token }}x";

    expect(await create(source, { bosToken: "<s>" }).render(simple)).toBe("<s>x");
    expect(await create(source, { bosToken: "<s>", addBos: true }).render(simple)).toBe("<s><s>x");
  });
});

describe("what is known of a template", () => {
  test("comes from its source", () => {
    expect(create(llamaLike, { eosToken: "<|eot_id|>" })).toMatchObject({
      takesTools: true,
      toolCalls: "llama3-json",
      stop: ["<|eot_id|>", "<|eom_id|>"],
    });
    expect(create(qwenLike)).toMatchObject({
      takesTools: true,
      toolCalls: "hermes",
      reasoning: "think",
      stop: ["<|im_end|>"],
    });
    expect<object>(create("{{ messages[0].tools }}")).toEqual({
      name: "test",
      takesTools: false,
      stop: [],
      variables: new Set(["messages"]),
      render: expect.any(Function),
    });
  });
});

test("the variables that a template reads are known", () => {
  const source =
    "{% if enable_thinking is defined and not enable_thinking %}{{ documents[0].title }}{% endif %}" +
    "{% for m in messages %}{{ m.reasoning_effort }}{{ m[key] }}{{ thinking | default(1) }}{% endfor %}";

  const { variables } = create(source);

  expect([...variables].toSorted()).toEqual(
    expect.arrayContaining(["documents", "enable_thinking", "key", "messages", "thinking"]),
  );
  expect(variables).not.toContain("reasoning_effort");
});

test("a conversation does not wait for larger ones that came before", async () => {
  const template = create("{% for m in messages %}{{ m.content }}{% endfor %}");
  const large = conversation([said("user", "x".repeat(4_500_000))]);
  const done: string[] = [];
  await Promise.all([template.render(large), template.render(simple)]);

  const before = Array.from({ length: 4 }, async () => {
    await template.render(large);
    done.push("large");
  });
  await template.render(simple);
  done.push("small");
  await Promise.all(before);

  expect(done).toEqual(["small", "large", "large", "large", "large"]);
});

describe("a template that", () => {
  const failures: readonly (readonly [string, string, Partial<ServeError>])[] = [
    [
      "raises an exception is the client's fault, in its words",
      "{{ raise_exception('Roles must\nalternate.') }}",
      {
        kind: "invalid_request",
        code: "invalid_value",
        param: "messages",
        message: "The model's chat template refuses the messages: Roles must alternate.",
      },
    ],
    [
      "raises a long exception is cut",
      "{{ raise_exception(range(1000) | join('x')) }}",
      { kind: "invalid_request", message: expect.stringMatching(/^.{300,360}$/) },
    ],
    ["fails is not the client's fault", "{{ none + 1 }}", { kind: "internal", code: "chat_template_failed" }],
    ["uses an unknown filter fails", "{{ 'a' | unheard_of }}", { kind: "internal" }],
  ];
  for (const [what, source, expected] of failures) {
    test(what, async () => {
      const failure = await rejection(render(source));

      expect(failure).toBeInstanceOf(ServeError);
      expect(failure).toMatchObject(expected);
    });
  }
});

describe("a real template", () => {
  const long = conversation(
    Array.from({ length: 40 }, (_, index) =>
      said(
        index % 2 === 0 ? "user" : "assistant",
        "The quick brown fox jumps over the lazy dog. ".repeat(18),
      ),
    ),
  );
  for (const [name, source] of Object.entries({ llamaLike, qwenLike })) {
    test(`${name} renders 8,000 tokens in less than 2 ms, the way to its thread and back included`, async () => {
      const template = create(source);
      const times = [];
      for (let round = 0; round < 60; round++) {
        const start = performance.now();
        await template.render(long);
        times.push(performance.now() - start);
      }

      // Others may use the machine: what counts is the work.
      expect(Math.min(...times)).toBeLessThan(2);
    });

    test(`${name} renders a prompt of 1 MB, and 16,384 messages`, async () => {
      const large = conversation([said("user", "x".repeat(1_000_000))]);
      const many = conversation(
        Array.from({ length: 16_384 }, (_, index) => said(index % 2 ? "assistant" : "user", "x")),
      );

      expect((await create(source).render(large)).length).toBeGreaterThan(1_000_000);
      expect((await create(source).render(many)).match(/assistant/g)).toHaveLength(8_193);
    });
  }

  test("renders calls, results and tools", async () => {
    expect(await create(qwenLike).render(afterResult)).toContain(
      '<|im_start|>assistant\n<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\nrain\n</tool_response><|im_end|>\n<|im_start|>assistant\n',
    );
    expect(await create(llamaLike).render(afterResult)).toContain(
      '<|start_header_id|>assistant<|end_header_id|>\n\n{"name": "weather", "parameters": {}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>\n\nrain<|eot_id|>',
    );
  });
});
