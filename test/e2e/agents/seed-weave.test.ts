import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pythonGenerations } from "../../support/clients/python.ts";
import type { ChatBody, ChatChunk, ErrorBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { startUpstream, type Upstream, type UpstreamScript } from "../../support/upstream/upstream.ts";
import { post, postStream, readFrames, send } from "../../support/wire.ts";
import { type Program, runProgram, startProgram } from "./program.ts";
import { outputOf, readExample, readSnippet, runJavaScript, runPython, runShell } from "./snippets.ts";
import { lastText, messagesOf, toolNamesOf } from "./upstream-body.ts";

const capital =
  "The capital of France is Paris. It is the country's largest city, on the river Seine in the north, and has been its capital for long.";
const story = ["Once ", "upon ", "a ", "time."];
const gate = Promise.withResolvers<void>();

const script: UpstreamScript = (body) => {
  const question = lastText(body, "user");
  if (lastText(body, "tool") !== "") return { text: `I was told: ${lastText(body, "tool")}` };
  if (question.startsWith("Validate ")) {
    return {
      toolCalls: [{ name: "json_validator", arguments: { json: question.slice("Validate ".length) } }],
    };
  }
  if (question.startsWith("Read ")) {
    return { toolCalls: [{ name: "file_read", arguments: { path: question.slice("Read ".length) } }] };
  }
  if (question.startsWith("Fetch ")) {
    const url = question.slice("Fetch ".length);
    return { toolCalls: [{ name: "http_request", arguments: { method: "GET", url } }] };
  }
  if (question === "Search for latest AI news") {
    return { toolCalls: [{ name: "web_search", arguments: '{"query": "latest AI news 2025"}' }] };
  }
  if (question === "Wait") return { chunks: waiting(body["model"]) };
  return { text: question === "Tell me a story" ? story : capital };
};

/** Says one word, and the other when the gate is open. */
async function* waiting(model: unknown) {
  const chunk = (delta: object, finish_reason: string | null) => ({
    id: "chatcmpl-upstream",
    object: "chat.completion.chunk",
    created: 1_763_600_000,
    model,
    choices: [{ index: 0, delta, finish_reason }],
  });
  yield chunk({ role: "assistant", content: "first " }, null);
  await gate.promise;
  yield chunk({ content: "last" }, null);
  yield chunk({}, "stop");
}

const toConsole = "--log-content preview";
const commandOf = (name: string) =>
  readSnippet("weave", name)
    .trim()
    .replace(/^weave /, "oai-serve ");
const stamp = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[INFO\] /;

describeBlackBox("The Weave document", () => {
  let upstream: Upstream;
  let environment: Record<string, string>;
  const files = { ".agent.yaml": readSnippet("weave", "agent.yaml") };
  beforeAll(async () => {
    upstream = await startUpstream(script);
    environment = { GEMINI_API_KEY: "weave-test-key", GEMINI_BASE_URL: upstream.url };
  });
  afterAll(() => upstream.close());

  describe("its commands", () => {
    test("run agent … --openai-mode says what it serves, and where", async () => {
      const program = await startProgram(commandOf("run-agent.sh"), { files, environment });
      await program.line(/Endpoint:/);
      await program.stop();

      const said = program.output().map((line) => line.replace(stamp, ""));
      const expected = readSnippet("weave", "start.txt")
        .trim()
        .split("\n")
        .map((line) => line.replace(stamp, "").replace("Weave OpenAI-Compatible API server", "oai-serve"))
        .map((line) => line.replaceAll(":8765", `:${program.port}`));
      expect(said[0]).toStartWith("Starting oai-serve");
      for (const line of expected.slice(1)) expect(said).toContain(line);
      expect(program.output()[0]).toMatch(stamp);
    });

    for (const [name, host, port] of [
      ["run-agent-elsewhere.sh", "127.0.0.1", 3_000],
      ["run-agent-other-port.sh", "0.0.0.0", 8_766],
    ] as const) {
      test(`${commandOf(name)} listens there`, async () => {
        const program = await startProgram(commandOf(name), { files, environment });
        await program.stop();

        // A port that somebody else has is replaced.
        const said = program.output().join("\n").replaceAll(`:${program.port}`, `:${port}`);
        expect(said).toContain(`✓ Server started on http://${host}:${port}`);
      });
    }

    test("plugins lists the agents, with their model and tools", async () => {
      const { code, output } = await runProgram(commandOf("plugins.sh"), { files, environment });

      expect(code).toBe(0);
      for (const name of ["researcher", "gemini-2.5-flash", "http_request", "file_read", "json_validator"]) {
        expect(output).toContain(name);
      }
    });

    test("an agent that is not there ends with the names of those that are", async () => {
      const command = commandOf("run-agent.sh").replace("researcher", "reseacher");

      const { code, output } = await runProgram(command, { files, environment });

      expect(code).toBe(2);
      expect(output).toContain("Agent 'reseacher' not found. Available: researcher");
    });

    test("without a key it says which variable is missing", async () => {
      const { code, output } = await runProgram(commandOf("run-agent.sh"), { files });

      expect(code).toBe(2);
      expect(output).toContain("GEMINI_API_KEY");
    });

    test("the example is the document's file", () => {
      const document = readSnippet("weave", "agent.yaml").trim().split("\n");

      expect(readExample("weave.agent.yaml").split("\n")).toEqual(expect.arrayContaining(document));
    });
  });

  describe("its snippets", () => {
    let program: Program;
    let url: string;
    beforeAll(async () => {
      // On loopback for the rest: the document's own address is every address of the machine.
      const command = `${commandOf("run-agent.sh")} --host 127.0.0.1 --port 8765 ${toConsole}`;
      program = await startProgram(command, {
        files: {
          ...files,
          ".agent.yaml": `${files[".agent.yaml"]}\ntools:\n  file_read: { root: ./data }\n`,
          "data/notes.txt": "The meeting is on Tuesday.",
        },
        environment,
      });
      url = `${program.url}/v1`;
    });
    afterAll(() => program.stop());

    test("curl answers in the printed shape", async () => {
      const answer = JSON.parse(await outputOf(runShell(readSnippet("weave", "chat.sh"), program.port)));

      expectShape(answer, "response.json");
      expect(answer.choices[0].message.content).toBe(capital);
    });

    test("the printed request is answered in the printed shape", async () => {
      const answer = await post<ChatBody>(`${url}/chat/completions`, readSnippet("weave", "request.json"));

      expectShape(answer.json, "response.json");
      expect(answer.json.model).toBe("researcher");
    });

    for (const generation of pythonGenerations) {
      test(`openai-python ${generation} answers`, async () => {
        const snippet = readSnippet("weave", "openai-python.py");

        const output = await outputOf(runPython(snippet, program.port, `openai-${generation}`));

        expect(output.trim()).toBe(capital);
      });

      test(`openai-python ${generation} streams`, async () => {
        const snippet = readSnippet("weave", "stream.py");

        const output = await outputOf(runPython(snippet, program.port, `openai-${generation}`));

        expect(output).toBe(story.join(""));
      });
    }

    for (const packageName of ["openai-node-6", "openai-node-7"]) {
      test(`${packageName} answers`, async () => {
        const snippet = readSnippet("weave", "openai-node.mjs");

        const output = await outputOf(runJavaScript(snippet, program.port, packageName));

        expect(output.trim()).toBe(capital);
      });
    }

    test("GET /v1/models lists the agent", async () => {
      const { json } = await send<{ data: unknown[] }>(`${url}/models`);

      expectShape(json, "models.json");
      expect(json.data).toHaveLength(1);
    });

    test("GET / says what runs", async () => {
      const { json } = await send<{ endpoints: string[] }>(`${program.url}/`);

      expect(json).toMatchObject({
        name: expect.any(String),
        agent: "researcher",
        model: "gemini-2.5-flash",
      });
      expect(json.endpoints).toContain("/v1/chat/completions");
    });

    test("the file's tools, temperature and limit reach the model, with the key", async () => {
      await post(`${url}/chat/completions`, readSnippet("weave", "request.json"));

      const sent = upstream.calls.at(-1);
      expect(sent?.headers.authorization).toBe("Bearer weave-test-key");
      expect(sent?.body).toMatchObject({ model: "gemini-2.5-flash", temperature: 0.7, max_tokens: 1_000 });
      expect(toolNamesOf(sent?.body ?? {})).toEqual(["http_request", "file_read", "json_validator"]);
    });

    test("a request's own temperature and limit go before the file's", async () => {
      const messages = [{ role: "user", content: "Hello" }];

      await post(`${url}/chat/completions`, { model: "researcher", messages, temperature: 0, max_tokens: 5 });

      expect(upstream.calls.at(-1)?.body).toMatchObject({ temperature: 0, max_tokens: 5 });
    });

    test("the model sees the whole history", async () => {
      const messages = [
        { role: "user", content: "My name is Alice" },
        { role: "assistant", content: "Hello Alice" },
        { role: "user", content: "What is my name?" },
      ];

      await post(`${url}/chat/completions`, { model: "researcher", messages });

      const seen = messagesOf(upstream.calls.at(-1)?.body ?? {});
      expect(seen.map(({ role, content }) => ({ role, content }))).toEqual(messages);
    });

    test("a stream begins before the model has ended", async () => {
      const body = { model: "researcher", messages: [{ role: "user", content: "Wait" }], stream: true };
      const response = await fetch(`${url}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });

      const texts: string[] = [];
      for await (const frame of readFrames(response)) {
        if (!frame.startsWith("data: {")) continue;
        const chunk: ChatChunk = JSON.parse(frame.slice("data: ".length));
        const content = chunk.choices[0]?.delta.content;
        if (typeof content === "string" && content !== "") texts.push(content);
        // The model goes on only now that its first word is here.
        if (texts.length === 1) gate.resolve();
      }

      expect(texts).toEqual(["first ", "last"]);
    });

    test("a stream has the role first, the finish last, and [DONE]", async () => {
      const messages = [{ role: "user", content: "Tell me a story" }];

      const { chunks } = await postStream<ChatChunk>(`${url}/chat/completions`, {
        model: "researcher",
        messages,
      });

      expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(story.join(""));
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    });

    /** [tool, what is asked, what the model is told] */
    const toolCases = [
      ["json_validator", 'Validate {"a": 1}', /valid/],
      ["json_validator", "Validate {a: 1}", /line|position|column|invalid/i],
      ["file_read", "Read notes.txt", /The meeting is on Tuesday\./],
      ["file_read", "Read ../.agent.yaml", /error|not allowed|refused|outside/i],
      ["http_request", "Fetch http://169.254.169.254/latest/meta-data", /error|allow/i],
    ] as const;
    for (const [name, question, result] of toolCases) {
      test(`${name} runs on the server: ${question}`, async () => {
        const messages = [{ role: "user", content: question }];

        const { json } = await post<ChatBody>(`${url}/chat/completions`, { model: "researcher", messages });

        expect(json.choices[0]?.message.content).toMatch(/^I was told: /);
        expect(json.choices[0]?.message.content).toMatch(result);
        expect(json.choices[0]?.message.tool_calls).toBeUndefined();
        expect(json.choices[0]?.finish_reason).toBe("stop");
      });
    }

    test("a model that is not there is a 404", async () => {
      const messages = [{ role: "user", content: "Hello" }];

      const answer = await post<ErrorBody>(`${url}/chat/completions`, { model: "other", messages });

      expect(answer.status).toBe(404);
      expect(answer.json.error).toMatchObject({ type: "invalid_request_error", code: "model_not_found" });
    });

    test("the log shows requests and answers as printed", async () => {
      const from = program.output().length;

      await outputOf(runShell(readSnippet("weave", "chat.sh"), program.port));

      expect(await logged(program, from, /Content:/)).toEqual([
        expect.stringMatching(/^→ Request: model=researcher, stream=false(?:,|$)/),
        "  Message: What is the capital of France?",
        expect.stringMatching(/^← Response: session=[0-9a-f]{8}(?:,|$)/),
        expect.stringMatching(/^ {2}Content: The capital of France is Paris\. It is .*\.\.\.$/),
      ]);
    });

    test("the log shows calls of tools as printed", async () => {
      const from = program.output().length;
      const messages = [{ role: "user", content: 'Validate {"a": 1}' }];

      await post(`${url}/chat/completions`, { model: "researcher", messages });

      const lines = await logged(program, from, /Content:/);
      expect(lines).toContainEqual(
        expect.stringMatching(/^🔧 Tool Calls: session=[0-9a-f]{8}, count=1(?:,|$)/),
      );
      expect(lines).toContainEqual(expect.stringMatching(/^ {2}\[1\] json_validator\(\{"json":/));
      expect(lines).toContainEqual(expect.stringMatching(/^ {2}✓ Result: /));
    });
  });

  test("an agent file with the document's own tool is logged as printed", async () => {
    const program = await startProgram(`oai-serve --agent search.ts --port 0 ${toConsole}`, {
      files: { "search.ts": searchAgent },
      environment,
    });
    const messages = [{ role: "user", content: "Search for latest AI news" }];

    await post(`${program.url}/v1/chat/completions`, { model: "researcher", messages });

    const lines = await logged(program, 0, /Content:/);
    await program.stop();
    // A line of ours may say more at its end.
    const said = lines.map((line) => common(line).replace(/(?<=stream=\w+|count=\d+), .*/, ""));
    for (const line of readSnippet("weave", "tool-calls.txt").trim().split("\n").slice(0, 4)) {
      expect(said).toContain(common(line));
    }
  });
});

/** A line without its time, and with no session's own id. */
function common(line: string): string {
  return line.replace(stamp, "").replace(/session=\w+/, "session=…");
}

const searchAgent = `
import { defineAgent, tool } from "oai-serve";

export const researcher = defineAgent({
  name: "researcher",
  model: "gemini-2.5-flash",
  tools: [
    tool({
      name: "web_search",
      description: "Searches the web.",
      parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
      execute: ({ query }) => "Nothing new about " + query,
    }),
  ],
});
`;

/** The lines that are written after the first `from`, until one matches; without their stamps. */
async function logged(program: Program, from: number, until: RegExp): Promise<string[]> {
  await program.line(until, from);
  return program
    .output()
    .slice(from)
    .map((line) => line.replace(stamp, ""));
}

/** Every printed field is there, and of the printed type. */
function expectShape(value: unknown, name: string): void {
  expect(kindsOf(value)).toMatchObject(kindsOf(JSON.parse(readSnippet("weave", name))));
}

/** The value with `string`, `number`, … in place of strings, numbers and so on. */
function kindsOf(value: unknown): object {
  return JSON.parse(JSON.stringify(value), (_key, field: unknown) =>
    typeof field === "object" ? field : typeof field,
  );
}
