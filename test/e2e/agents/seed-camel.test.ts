import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { pythonGenerations } from "../../support/clients/python.ts";
import type { ChatBody, ChatChunk, ErrorBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { startUpstream, type Upstream, type UpstreamScript } from "../../support/upstream/upstream.ts";
import { parseEvents, post, postStream, send } from "../../support/wire.ts";
import { type Program, startProgram } from "./program.ts";
import { outputOf, readExample, readSnippet, runPython, runShell } from "./snippets.ts";
import { instructionsOf, lastText, messagesOf, toolNamesOf } from "./upstream-body.ts";

const story = ["Once ", "upon ", "a ", "time."];
const model = "camel-model";

const script: UpstreamScript = (body) => {
  const question = lastText(body, "user");
  const result = lastText(body, "tool");
  if (result !== "") return { text: `The tool said: ${result}` };
  if (question === "What's the weather like in New York?" && toolNamesOf(body).includes("get_weather")) {
    return { toolCalls: [{ name: "get_weather", arguments: '{"location":"New York, NY"}' }] };
  }
  if (question === "Process this") {
    return { toolCalls: [{ name: "my_custom_tool", arguments: { query: "this" } }] };
  }
  if (question === "Do both") {
    return {
      toolCalls: [
        { name: "my_custom_tool", arguments: { query: "one" } },
        { name: "get_weather", arguments: { location: "Oslo" } },
      ],
    };
  }
  if (question === "Tell me a story") return { text: story };
  // Everything that the model was shown comes back, so that a word of somebody else's would be seen.
  const said = messagesOf(body).filter(({ role }) => role === "user");
  return { text: `You said: ${said.map(({ content }) => content).join(" | ")}` };
};

const getWeather = {
  type: "function" as const,
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
  },
};

const files = { "camel.ts": readExample("camel.ts") };

describeBlackBox("The CAMEL document's commands", () => {
  const environment = { OPENAI_API_KEY: "unused" };

  /** [command, port] */
  const commands = [
    ["oai-serve --agent camel.ts --host 0.0.0.0 --port 8000", 8_000],
    ["oai-serve --agent camel.ts --host 0.0.0.0 --port 8080", 8_080],
  ] as const;
  for (const [typed, port] of commands) {
    test(`${typed} listens there`, async () => {
      const started = await startProgram(typed, { files, environment });
      await started.stop();

      // A port that somebody else has is replaced.
      const said = started.output().join("\n").replaceAll(`:${started.port}`, `:${port}`);
      expect(said).toContain(`http://0.0.0.0:${port}`);
    });
  }
});

describeBlackBox("The CAMEL document", () => {
  let upstream: Upstream;
  let program: Program;
  let url: string;
  const command = "oai-serve --agent camel.ts --host 127.0.0.1 --port 8000";
  beforeAll(async () => {
    upstream = await startUpstream(script);
    const environment = { OPENAI_API_KEY: "camel-test-key", OPENAI_BASE_URL: upstream.url };
    program = await startProgram(command, { files, environment });
    url = `${program.url}/v1`;
  });
  afterAll(async () => {
    await program.stop();
    await upstream.close();
  });

  describe("its curl commands", () => {
    for (const [name, question] of [
      ["chat.sh", "Hello! How are you?"],
      ["system-message.sh", "Explain quantum physics simply"],
      ["chat-again.sh", "Hello, how are you?"],
    ] as const) {
      test(`${name} answers`, async () => {
        const output = await outputOf(runShell(readSnippet("camel", name), program.port));

        expect(JSON.parse(output)).toMatchObject({
          id: expect.stringMatching(/^chatcmpl-/),
          object: "chat.completion",
          model,
          choices: [{ message: { content: `You said: ${question}` }, finish_reason: "stop" }],
          usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
        });
      });
    }

    test("stream.sh streams", async () => {
      const output = await outputOf(runShell(readSnippet("camel", "stream.sh"), program.port));

      const { chunks } = parseEvents<ChatChunk>(output);
      expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
      expect(chunks.flatMap((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(story.join(""));
      for (const chunk of chunks) expect(chunk).toMatchObject({ id: chunks[0]?.id, model });
    });

    test("a system message joins the agent's own", async () => {
      await outputOf(runShell(readSnippet("camel", "system-message.sh"), program.port));

      const instructions = instructionsOf(upstream.calls.at(-1)?.body ?? {}).join("\n");
      expect(instructions.match(/You are a helpful assistant\./g)).toHaveLength(2);
    });
  });

  describe("its agent", () => {
    test("asks its model with its settings, its tool and the server's key", async () => {
      await outputOf(runShell(readSnippet("camel", "chat.sh"), program.port));

      const sent = upstream.calls.at(-1);
      expect(sent?.headers.authorization).toBe("Bearer camel-test-key");
      expect(sent?.body).toMatchObject({ model: "gpt-4o-mini", temperature: 0.8 });
      expect(sent?.body["max_completion_tokens"] ?? sent?.body["max_tokens"]).toBe(1_000);
      expect(instructionsOf(sent?.body ?? {})).toEqual(["You are a helpful assistant."]);
      expect(toolNamesOf(sent?.body ?? {})).toEqual(["my_custom_tool"]);
    });

    test("runs its own tool on the server", async () => {
      const messages = [{ role: "user", content: "Process this" }];

      const { json } = await post<ChatBody>(`${url}/chat/completions`, { model, messages });

      expect(json.choices[0]?.message).toMatchObject({ content: "The tool said: Processed: this" });
      expect(json.choices[0]?.message.tool_calls).toBeUndefined();
      expect(json.usage).toMatchObject({ prompt_tokens: 18, completion_tokens: 6, total_tokens: 24 });
    });

    test("is in the list of models", async () => {
      const { json } = await send<{ data: { id: string }[] }>(`${url}/models`);

      expect(json.data.map(({ id }) => id)).toEqual([model]);
    });
  });

  const document = ["openai-python.py", "stream.py", "functions.py"]
    .map((name) => readSnippet("camel", name))
    .join('\nprint("---")\n');
  for (const generation of pythonGenerations) {
    test(`openai-python ${generation} runs the document from top to bottom`, async () => {
      const snippet = `${document}\nprint(function_name, function_args, response.choices[0].finish_reason)`;

      const output = await outputOf(runPython(snippet, program.port, `openai-${generation}`));

      const [answer, streamed, called] = output.split("---").map((part) => part.trim());
      expect(answer).toBe("You said: Hello, how are you?");
      expect(streamed).toBe(story.join(""));
      expect(called).toBe('get_weather {"location":"New York, NY"} function_call');
    });
  }

  for (const stream of [false, true]) {
    test(`functions are answered with function_call, stream ${stream}`, async () => {
      const { name, parameters } = getWeather.function;
      const body = {
        model,
        messages: [{ role: "user", content: "What's the weather like in New York?" }],
        functions: [{ name, parameters }],
      };

      const call = stream ? await streamedCall(`${url}/chat/completions`, body) : await wholeCall(url, body);

      expect(call).toEqual({
        name: "get_weather",
        arguments: '{"location":"New York, NY"}',
        finish: "function_call",
      });
    });
  }

  for (const { name, connect } of nodeGenerations) {
    test(`${name}: a tool of the client comes back as tool_calls, its result is the next turn`, async () => {
      const client = connect(url);
      const question = { role: "user" as const, content: "What's the weather like in New York?" };
      const tools = [getWeather];

      const first = await client.chat.completions.create({ model, messages: [question], tools });
      const message = first.choices[0]?.message;
      if (message === undefined) throw new Error("no choice");
      const second = await client.chat.completions.create({
        model,
        messages: [
          question,
          message,
          { role: "tool", tool_call_id: message.tool_calls?.[0]?.id ?? "", content: "sunny" },
        ],
        tools,
      });

      expect(first.choices[0]?.finish_reason).toBe("tool_calls");
      expect(message.tool_calls).toMatchObject([
        { type: "function", function: { name: "get_weather", arguments: '{"location":"New York, NY"}' } },
      ]);
      expect(second.choices[0]?.message.content).toBe("The tool said: sunny");
    });
  }

  test("tools of the client and of the agent may meet in one turn", async () => {
    const messages = [{ role: "user", content: "Do both" }];

    const { json } = await post<ChatBody>(`${url}/chat/completions`, {
      model,
      messages,
      tools: [getWeather],
    });

    expect(json.choices[0]?.finish_reason).toBe("tool_calls");
    expect(json.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: "get_weather" } }]);
    expect(json.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  /** [what is wrong, body, status, param] */
  const mistakes = [
    ["no messages", { model, messages: [] }, 400, "messages"],
    ["an unknown role", { model, messages: [{ role: "king", content: "x" }] }, 400, "messages[0].role"],
    ["another model", { model: "other", messages: [{ role: "user", content: "x" }] }, 404, "model"],
    [
      "a temperature of 3",
      { model, messages: [{ role: "user", content: "x" }], temperature: 3 },
      400,
      "temperature",
    ],
  ] as const;
  for (const [what, body, status, param] of mistakes) {
    test(`${what} is a ${status} in OpenAI's form`, async () => {
      const answer = await post<ErrorBody>(`${url}/chat/completions`, body);

      expect(answer.status).toBe(status);
      expect(answer.json.error).toMatchObject({
        message: expect.any(String),
        type: "invalid_request_error",
        param,
      });
    });
  }

  test("100 interleaved conversations do not mix", async () => {
    const words = Array.from({ length: 100 }, (_, index) => `secret-${index}-${crypto.randomUUID()}`);

    const answers = await Promise.all(
      words.map(async (word) => [await ask(url, word, 1), await ask(url, word, 2), await ask(url, word, 3)]),
    );

    expect(answers).toEqual(
      words.map((word) => [
        `You said: ${word} turn 1`,
        `You said: ${word} turn 1 | ${word} turn 2`,
        `You said: ${word} turn 1 | ${word} turn 2 | ${word} turn 3`,
      ]),
    );
  });
});

/** The answer to one turn of the conversation of `word`. */
async function ask(url: string, word: string, turn: number) {
  const { json } = await post<ChatBody>(`${url}/chat/completions`, {
    model,
    messages: [{ role: "user", content: `${word} turn ${turn}` }],
    conversation_id: `conversation-${word}`,
  });
  return json.choices[0]?.message.content;
}

interface Call {
  name: string | undefined;
  arguments: string | undefined;
  finish: string | null | undefined;
}

async function wholeCall(url: string, body: object): Promise<Call> {
  const { json } = await post<ChatBody>(`${url}/chat/completions`, body);
  const choice = json.choices[0];
  expect(choice?.message).not.toHaveProperty("tool_calls");
  return { ...callOf(choice?.message.function_call), finish: choice?.finish_reason };
}

async function streamedCall(url: string, body: Record<string, unknown>): Promise<Call> {
  const { chunks } = await postStream<ChatChunk>(url, body);
  const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.function_call ?? []);
  const finish = chunks.findLast((chunk) => chunk.choices.length > 0)?.choices[0]?.finish_reason;
  return {
    name: deltas.find((delta) => delta.name !== undefined)?.name,
    arguments: deltas.map((delta) => delta.arguments ?? "").join(""),
    finish,
  };
}

function callOf(call: { name: string; arguments: string } | undefined) {
  return { name: call?.name, arguments: call?.arguments };
}
