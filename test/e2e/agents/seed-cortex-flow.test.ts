import { describe, expect, test } from "bun:test";
import { pythonGenerations } from "../../support/clients/python.ts";
import { describeLangChain, langchain } from "../../support/clients/langchain.ts";
import { chatText, type ErrorBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { parseEvents, post, postStream, readFrames, send } from "../../support/wire.ts";
import { type CortexBody, type CortexChunk, model, serveCortexFlow } from "./cortex-bed.ts";
import { report } from "./cortex-team.ts";
import { outputOf, readExample, readSnippet, runPython } from "./snippets.ts";
import { instructionsOf, messagesOf, toolNamesOf } from "./upstream-body.ts";

/**
 * The document passes `conversation_id` as an argument, which openai-python's methods do not have; with this they put
 * it into the body.
 */
const takesConversationId = `
import openai.resources.chat.completions.completions as _completions
_create = _completions.Completions.create
def _create_in_conversation(self, *, conversation_id=None, **arguments):
    return _create(self, extra_body={"conversation_id": conversation_id}, **arguments)
_completions.Completions.create = _create_in_conversation
`;

describeBlackBox("The Cortex Flow document", () => {
  const { url, ask, program, upstream } = serveCortexFlow();

  test("its settings are the example's, and listen on its port", () => {
    // A port that somebody else has is replaced.
    const said = program().output().join("\n").replaceAll(`:${program().port}`, ":8001");

    expect(readExample("cortex-flow.env")).toBe(readSnippet("cortex-flow", "settings.env"));
    expect(said).toContain("http://127.0.0.1:8001");
  });

  test("GET /v1/models lists what is printed, and no specialist", async () => {
    const { json } = await send<{ object: string; data: { id: string; object: string }[] }>(
      `${url()}/models`,
    );

    const printed: { data: { id: string }[] } = JSON.parse(readSnippet("cortex-flow", "models.json"));
    expect(json.object).toBe("list");
    expect(json.data.map(({ id }) => id)).toEqual(printed.data.map(({ id }) => id));
    for (const entry of json.data) {
      expect(entry).toMatchObject({
        object: "model",
        created: expect.any(Number),
        owned_by: expect.any(String),
      });
    }
  });

  test("the printed request is answered in the printed shape", async () => {
    const answer = await post<CortexBody>(
      `${url()}/chat/completions`,
      readSnippet("cortex-flow", "request.json"),
    );

    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: "chat.completion",
      created: expect.any(Number),
      model,
      choices: [
        { index: 0, message: { role: "assistant", content: report.join("") }, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
      conversation_id: "optional-conv-id",
      metadata: { execution_time_seconds: expect.any(Number), agents_used: [], iterations: 1 },
    });
    expect(answer.headers.get("x-conversation-id")).toBe("optional-conv-id");
  });

  test("both names answer", async () => {
    const { json } = await ask("Hello", { model: "cortex-flow-supervisor" });

    expect(json).toMatchObject({ model: "cortex-flow-supervisor" });
  });

  test("a specialist is no model of a client", async () => {
    expect((await ask("Hello", { model: "researcher" })).status).toBe(404);
  });

  test("an unknown model is the printed error, with the printed status", async () => {
    const answer = await post<ErrorBody>(`${url()}/chat/completions`, {
      model: "invalid-model",
      messages: [{ role: "user", content: "Hello" }],
    });

    const printed: ErrorBody = JSON.parse(readSnippet("cortex-flow", "error.json"));
    expect(answer.status).toBe(404);
    expect(answer.json.error).toMatchObject({ type: printed.error.type, code: printed.error.code });
    expect(answer.json.error).toMatchObject({ message: expect.any(String), param: "model" });
  });

  describe("its team", () => {
    test("works on a request, and the metadata says who did", async () => {
      const { json } = await ask("Research and analyze AI trends");

      expect(json.choices[0]?.message.content).toBe("Report from Facts: find out and Analysis: weigh up");
      expect(json.metadata).toEqual({
        execution_time_seconds: expect.any(Number),
        agents_used: ["researcher", "analyst"],
        iterations: 2,
      });
      // Two questions to the supervisor's model, and one to each specialist's.
      expect(json.usage).toMatchObject({ prompt_tokens: 36, completion_tokens: 12, total_tokens: 48 });
      expect(json.choices[0]?.message).not.toHaveProperty("tool_calls");
    });

    test("knows each specialist, and each sees nothing but the task", async () => {
      const before = upstream().calls.length;

      await ask("Research AI agents");

      const [first, ...others] = upstream()
        .calls.slice(before)
        .map(({ body }) => body);
      expect(toolNamesOf(first ?? {})).toEqual(["ask_researcher", "ask_analyst", "ask_writer"]);
      const researcher =
        others.find((body) => instructionsOf(body).join("").includes("You collect facts")) ?? {};
      expect(messagesOf(researcher).filter(({ role }) => role === "user")).toMatchObject([
        { content: "find out" },
      ]);
    });

    test("shows its steps to who asks for them", async () => {
      const { chunks } = await postStream<CortexChunk>(`${url()}/chat/completions`, {
        model,
        messages: [{ role: "user", content: "Research AI agents" }],
        include_steps: true,
      });

      const steps = chunks.flatMap((chunk) => reasoningOf(chunk)).join("");
      expect(steps).toContain("→ researcher: find out");
      expect(steps).toContain("→ analyst: weigh up");
      expect(chatText(chunks)).toBe("Report from Facts: find out and Analysis: weigh up");
    });

    test("keeps its steps to itself otherwise", async () => {
      const { chunks, text } = await postStream<CortexChunk>(`${url()}/chat/completions`, {
        model,
        messages: [{ role: "user", content: "Research AI agents" }],
      });

      expect(text).not.toContain("reasoning_content");
      expect(chunks.findLast(({ metadata }) => metadata !== undefined)?.metadata?.agents_used).toEqual([
        "researcher",
        "analyst",
      ]);
    });
  });

  describe("its conversations", () => {
    test("an id is made where none is given, and is that of the whole answer", async () => {
      const { json, headers } = await ask("Hello");

      expect(json.conversation_id).toMatch(/^conv_/);
      expect(headers.get("x-conversation-id")).toBe(json.conversation_id);
    });

    test("several turns under one id are one conversation", async () => {
      const id = `turns-${crypto.randomUUID()}`;

      await ask("My name is Alice", { conversation_id: id });
      const { json } = await ask("What is my name?", { conversation_id: id });

      expect(json.choices[0]?.message.content).toBe("You are Alice.");
    });

    test("the header names a conversation as well", async () => {
      const headers = { "x-conversation-id": `header-${crypto.randomUUID()}` };
      const say = (content: string) =>
        post<CortexBody>(
          `${url()}/chat/completions`,
          { model, messages: [{ role: "user", content }] },
          headers,
        );

      await say("My name is Bob");
      const { json } = await say("What is my name?");

      expect(json.choices[0]?.message.content).toBe("You are Bob.");
    });

    test("a request with the whole history doubles nothing", async () => {
      const id = `whole-${crypto.randomUUID()}`;
      const first = await ask("My name is Alice", { conversation_id: id });

      const { json } = await post<CortexBody>(`${url()}/chat/completions`, {
        model,
        messages: [
          { role: "user", content: "My name is Alice" },
          { role: "assistant", content: first.json.choices[0]?.message.content },
          { role: "user", content: "What is my name?" },
        ],
        conversation_id: id,
      });

      expect(json.choices[0]?.message.content).toBe("You are Alice.");
    });

    test("a stream names its conversation first and last", async () => {
      const { chunks } = await postStream<CortexChunk>(`${url()}/chat/completions`, {
        model,
        messages: [{ role: "user", content: "Hello" }],
      });

      expect(chunks[0]?.conversation_id).toMatch(/^conv_/);
      expect(chunks.at(-1)?.conversation_id).toBe(chunks[0]?.conversation_id);
    });
  });

  test("a stream has the printed form", async () => {
    const response = await fetch(`${url()}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], stream: true }),
    });
    const frames: string[] = [];
    for await (const frame of readFrames(response)) frames.push(`${frame}\n\n`);

    const printed = parseEvents<CortexChunk>(`${readSnippet("cortex-flow", "stream.txt").trim()}\n\n`);
    const { chunks } = parseEvents<CortexChunk>(frames.join(""));
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(chunks.map(kindOf)).toEqual([
      kindOf(printed.chunks[0]),
      ...report.map(() => kindOf(printed.chunks[1])),
      kindOf(printed.chunks[2]),
    ]);
    for (const chunk of chunks)
      expect(chunk).toMatchObject({ id: chunks[0]?.id, object: "chat.completion.chunk", model });
  });

  const document = [
    "openai-python.py",
    "stream.py",
    "conversation.py",
    "generated-conversation.py",
    "stream-flushed.py",
    "chatbot.py",
    "usage.py",
    "metadata.py",
  ];
  for (const generation of pythonGenerations) {
    test(`openai-python ${generation} runs the document from top to bottom`, async () => {
      // The second turn of the conversation is not printed by the document.
      const snippets = document.map((name) => readSnippet("cortex-flow", name)).join('\nprint("\\n---")\n');
      const snippet = `${takesConversationId}\n${snippets}\nprint("\\n---")\nprint(response2.choices[0].message.content)`;

      const output = await outputOf(runPython(snippet, program().port, `openai-${generation}`));

      const parts = output.split("---").map((part) => part.trim());
      expect(parts).toEqual([
        "Report from Facts: find out and Analysis: weigh up",
        report.join(""),
        "",
        expect.stringMatching(/^Conversation ID: conv_\w+$/),
        report.join(""),
        "Report from Facts: find out and Analysis: weigh up\nFindings of: Research AI agents | Summarize the key findings",
        "Prompt tokens: 9\nCompletion tokens: 3\nTotal tokens: 12",
        expect.stringMatching(/'agents_used': \['researcher', 'analyst'\]/),
        "You are Alice.",
      ]);
    });
  }

  test("the metadata is of the printed shape", async () => {
    const { json } = await ask("Research and analyze AI trends");

    const { metadata }: CortexBody = JSON.parse(readSnippet("cortex-flow", "response.json"));
    expect(Object.keys(json.metadata).toSorted()).toEqual(Object.keys(metadata).toSorted());
  });
});

describeLangChain("The Cortex Flow document with LangChain", () => {
  const { program } = serveCortexFlow();

  test("runs as printed", async () => {
    const snippet = readSnippet("cortex-flow", "langchain.py");

    const output = await outputOf(runPython(snippet, program().port, langchain.older));

    expect(output.trim()).toBe(report.join(""));
  });

  test("runs with the package where the class is now", async () => {
    const snippet = readSnippet("cortex-flow", "langchain.py").replace(
      "langchain.chat_models",
      "langchain_openai",
    );

    const output = await outputOf(runPython(snippet, program().port, langchain.current));

    expect(output.trim()).toBe(report.join(""));
  });
});

/** What a chunk is: its delta's fields and its finish. */
function kindOf(chunk: CortexChunk | undefined) {
  const choice = chunk?.choices[0];
  const { role, content } = choice?.delta ?? {};
  return { role, hasText: (content ?? "") !== "", finish: choice?.finish_reason };
}

function reasoningOf(chunk: CortexChunk): string {
  return chunk.choices[0]?.delta.reasoning_content ?? "";
}
