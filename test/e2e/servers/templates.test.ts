import { describe, expect, test } from "bun:test";
import { expectError } from "../../support/expectations.ts";
import { user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { replying, serveModels } from "./bed.ts";

/** A template in the manner of Qwen's, with a place for everything that templates are given. */
const source = `{{- bos_token }}
{%- if messages[0].role != "user" and messages[0].role != "system" %}
    {{- raise_exception("The first message must be the user's, not " ~ messages[0].role ~ "'s.") }}
{%- endif %}
{%- if documents %}
    {%- for document in documents %}
        {{- "[doc] " ~ document.title ~ ": " ~ document.text ~ "\\n" }}
    {%- endfor %}
{%- endif %}
{%- if tools %}
    {%- for tool in tools %}
        {{- "[tool] " ~ (tool.function | tojson) ~ "\\n" }}
    {%- endfor %}
    {{- "Answer with <tool_call>.\\n" }}
{%- endif %}
{%- for message in messages %}
    {{- "<" ~ message.role ~ ">" ~ (message.content or "") }}
    {%- for call in message.tool_calls or [] %}
        {{- "[call " ~ call.function.name ~ " " ~ call.function.arguments.city ~ "]" }}
    {%- endfor %}
    {{- "\\n" }}
{%- endfor %}
{{- "<assistant>" ~ ("" if enable_thinking is not defined or enable_thinking else "[quick]") ~ (tone | default("")) }}`;
const tokenizer = { bos_token: { content: "<s>" }, eos_token: "<|done|>" };
const tools = [
  {
    type: "function",
    function: { name: "forecast", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
];

const files = {
  "tokenizer_config.json": JSON.stringify({ ...tokenizer, chat_template: source }),
  "several.json": JSON.stringify({
    chat_template: [
      { name: "default", template: "plain {{ messages[0].content }}" },
      { name: "tool_use", template: "tools {{ tools | length }} {{ messages[0].content }}" },
    ],
  }),
  "chat_template.jinja": "from the file {{ eos_token }} {{ messages[0].content }}",
};

describeBlackBox("Chat templates", () => {
  describe("of the model's own", () => {
    const bed = serveModels({
      files,
      servers: { triton: [{ dialect: "vllm" }], dynamo: [{ dialect: "dynamo", model: "dynamo" }] },
      models: {
        own: {
          backend: "triton",
          target: "vllm_model",
          template: { file: "tokenizer_config.json" },
          allowed_template_variables: ["enable_thinking", "tone", "reasoning_effort"],
        },
        "own-dynamo": { backend: "dynamo", target: "dynamo", template: { file: "tokenizer_config.json" } },
        marked: {
          backend: "triton",
          target: "vllm_model",
          template: { file: "tokenizer_config.json", add_bos: true, bos_token: "[BOS]" },
        },
        toned: {
          backend: "triton",
          target: "vllm_model",
          template: { file: "tokenizer_config.json" },
          template_variables: { tone: "[calm]", enable_thinking: false },
        },
        several: { backend: "triton", target: "vllm_model", template: { file: "several.json" } },
        jinja: { backend: "triton", target: "vllm_model", template: { file: "chat_template.jinja" } },
        effort: {
          backend: "triton",
          target: "vllm_model",
          template: { inline: "effort {{ reasoning_effort }}" },
        },
        endless: {
          backend: "triton",
          target: "vllm_model",
          template: {
            inline: "{% for i in range(1000000000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}",
          },
        },
        broken: {
          backend: "triton",
          target: "vllm_model",
          template: { inline: "{{ missing(messages) }}" },
        },
        vllm_model: { backend: "triton" },
      },
    });
    const prompts = async () => (await bed.arrived()).map(({ prompt }) => prompt);

    test("writes the prompt; the server's tokenizer writes the mark of the beginning", async () => {
      await bed.chat({
        model: "own",
        messages: [
          { role: "system", content: "Be brief." },
          {
            role: "user",
            content: [
              { type: "text", text: "Hi." },
              { type: "text", text: " You?" },
            ],
          },
          { role: "assistant", content: "Fine." },
          { role: "user", content: "Good." },
        ],
      });

      expect(await prompts()).toEqual([
        "<system>Be brief.\n<user>Hi. You?\n<assistant>Fine.\n<user>Good.\n<assistant>",
      ]);
    });

    test("writes the mark where it is wanted", async () => {
      await bed.chat({ model: "marked", ...user("Hi.") });

      expect(await prompts()).toEqual(["[BOS]<user>Hi.\n<assistant>"]);
    });

    test("is given tools, calls and results in the shapes that templates know", async () => {
      await bed.chat({
        model: "own",
        tools,
        messages: [
          { role: "user", content: "Warm?" },
          {
            role: "assistant",
            content: null,
            tool_calls: [
              {
                id: "call_1",
                type: "function",
                function: { name: "forecast", arguments: '{"city":"Łódź"}' },
              },
            ],
          },
          { role: "tool", tool_call_id: "call_1", content: "21 degrees" },
        ],
      });

      const [prompt = ""] = await prompts();
      const [offer = "", ...rest] = prompt.split("\n");
      expect(JSON.parse(offer.slice("[tool] ".length))).toEqual(tools[0]?.function);
      expect(rest.join("\n")).toBe(
        "Answer with <tool_call>.\n<user>Warm?\n<assistant>[call forecast Łódź]\n<tool>21 degrees\n<assistant>",
      );
    });

    test("says by its marks how the model writes calls", async () => {
      const { json } = await bed.chat({
        model: "own",
        tools,
        ...replying({ text: '<tool_call>{"name": "forecast", "arguments": {"city": "Łódź"}}</tool_call>' }),
      });

      expect(json.choices[0]?.message.tool_calls?.[0]?.function.name).toBe("forecast");
    });

    test("calls a developer a system", async () => {
      await bed.chat({
        model: "own",
        messages: [
          { role: "developer", content: "Be brief." },
          { role: "user", content: "Hi." },
        ],
      });

      expect(await prompts()).toEqual(["<system>Be brief.\n<user>Hi.\n<assistant>"]);
    });

    for (const model of ["own", "own-dynamo"]) {
      test(`its end of text ends answers of ${model}`, async () => {
        const { json } = await bed.chat({
          model,
          ...replying({ pieces: ["Hello", "<|do", "ne|>", " more"] }),
        });

        expect(json.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "Hello" } });
      });
    }

    test("may be two, one of them for tools", async () => {
      await bed.chat({ model: "several", ...user("Hi.") });
      await bed.chat({ model: "several", tools, ...user("Hi.") });

      expect(await prompts()).toEqual(["plain Hi.", "tools 1 Hi."]);
    });

    test("may be a Jinja file, beside the tokens that it writes", async () => {
      await bed.chat({ model: "jinja", ...user("Hi.") });

      expect(await prompts()).toEqual(["from the file <|done|> Hi."]);
    });

    test("is not for completions", async () => {
      await bed.complete({ model: "own", prompt: "Once" });

      expect(await prompts()).toEqual(["Once"]);
    });

    test("takes a prompt of a megabyte", async () => {
      const answer = await bed.chat({ model: "own", ...user("word ".repeat(200_000)) });

      expect(answer.status).toBe(200);
      expect((await prompts())[0]).toHaveLength(1_000_000 + "<user>\n<assistant>".length);
    });

    describe("variables", () => {
      test("that clients may set", async () => {
        const answer = await bed.chat({
          model: "own",
          ...user("Hi."),
          chat_template_kwargs: { enable_thinking: false, tone: "[warm]" },
        });

        expect(await prompts()).toEqual(["<user>Hi.\n<assistant>[quick][warm]"]);
        expect(answer.headers.get("x-oai-serve-ignored-params")).toBeNull();
      });

      test("that the operator sets, and a client may set otherwise where it is allowed", async () => {
        await bed.chat({ model: "toned", ...user("Hi.") });
        await bed.chat({ model: "toned", ...user("Hi."), chat_template_kwargs: { enable_thinking: true } });

        expect(await prompts()).toEqual([
          "<user>Hi.\n<assistant>[quick][calm]",
          "<user>Hi.\n<assistant>[calm]",
        ]);
      });

      for (const [model, name] of [
        ["own", "messages"],
        ["own", "bos_token"],
        ["own", "add_generation_prompt"],
        ["own", "__proto__"],
        ["toned", "tone"],
      ] as const) {
        test(`that they may not: ${name} of ${model}`, async () => {
          const answer = await bed.chat({
            model,
            ...user("Hi."),
            chat_template_kwargs: JSON.parse(`{"${name}": "mine"}`),
          });

          expectError(answer, {
            status: 400,
            code: "unsupported_value",
            param: `chat_template_kwargs.${name}`,
          });
          expect(await bed.arrived()).toEqual([]);
        });
      }

      for (const [what, body, param] of [
        ["no object", { chat_template_kwargs: ["enable_thinking"] }, "chat_template_kwargs"],
        ["documents that are no list", { documents: { title: "a" } }, "documents"],
      ] as const) {
        test(`that are ${what} are refused`, async () => {
          const answer = await bed.chat({ model: "own", ...user("Hi."), ...body });

          expectError(answer, { status: 400, code: "invalid_type", param });
        });
      }

      test("of documents", async () => {
        await bed.chat({
          model: "own",
          ...user("Hi."),
          documents: [{ title: "Cats", text: "They purr." }],
        });

        expect(await prompts()).toEqual(["[doc] Cats: They purr.\n<user>Hi.\n<assistant>"]);
      });

      test("of effort, as OpenAI's field says it", async () => {
        const answer = await bed.chat({ model: "effort", ...user("Hi."), reasoning_effort: "high" });

        expect(await prompts()).toEqual(["effort high"]);
        expect(answer.headers.get("x-oai-serve-ignored-params")).toBeNull();
      });
    });

    describe("that fails", () => {
      test("because it refuses the conversation is the client's to mend, in the template's words", async () => {
        const answer = await bed.chat({
          model: "own",
          messages: [
            { role: "assistant", content: "I begin." },
            { role: "user", content: "No." },
          ],
        });

        const error = expectError(answer, { status: 400, code: "invalid_value", param: "messages" });
        expect(error.message).toContain("The first message must be the user's, not assistant's.");
        expect(await bed.arrived()).toEqual([]);
      });

      test("is a status also for a stream", async () => {
        const answer = await bed.chat({
          model: "own",
          stream: true,
          messages: [{ role: "assistant", content: "I begin." }],
        });

        expectError(answer, { status: 400, param: "messages" });
      });

      test("while it runs is the operator's, and the client is told no more than that", async () => {
        const answer = await bed.chat({ model: "broken", ...user("secret words") });

        const error = expectError(answer, { status: 500, code: "chat_template_failed" });
        expect(error.message).not.toContain("secret");
        expect(answer.headers.get("x-should-retry")).toBe("false");
      });

      test("because it does not end is ended, and others are rendered meanwhile and after it", async () => {
        const [endless, builtIn, own] = await Promise.all([
          bed.chat({ model: "endless", ...user("Hi.") }),
          bed.chat({ model: "vllm_model", ...user("Hi.") }),
          bed.chat({ model: "own", ...user("Hi.") }),
        ]);

        expectError(endless, { status: 500, code: "chat_template_failed" });
        expect([builtIn.status, own.status]).toEqual([200, 200]);
      });
    });
  });
});
