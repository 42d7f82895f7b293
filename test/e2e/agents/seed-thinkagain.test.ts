import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pythonGenerations } from "../../support/clients/python.ts";
import type { ChatBody, ChatChunk, ErrorBody } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post, postStream, send } from "../../support/wire.ts";
import { type Program, startProgram } from "./program.ts";
import { outputOf, readExample, readSnippet, runPython, runShell } from "./snippets.ts";

const server = readExample("thinkagain.ts");
const hello = { model: "my-model", messages: [{ role: "user", content: "Hello" }] };

describeBlackBox("The ThinkAgain document", () => {
  describe("its minimal example", () => {
    let program: Program;
    let url: string;
    beforeAll(async () => {
      program = await startProgram("oai-serve --agent my-server.ts --host 127.0.0.1 --port 8000", {
        files: { "my-server.ts": server },
      });
      url = `${program.url}/v1`;
    });
    afterAll(() => program.stop());

    test("curl answers", async () => {
      const answer = JSON.parse(await outputOf(runShell(readSnippet("thinkagain", "chat.sh"), program.port)));

      expect(answer).toMatchObject({
        id: expect.stringMatching(/^chatcmpl-/),
        object: "chat.completion",
        model: "my-model",
        choices: [{ message: { role: "assistant", content: "Response to: Hello" }, finish_reason: "stop" }],
      });
      expect(answer.usage.completion_tokens).toBeGreaterThan(0);
    });

    for (const generation of pythonGenerations) {
      test(`openai-python ${generation} answers`, async () => {
        const snippet = readSnippet("thinkagain", "openai-python.py");

        const output = await outputOf(runPython(snippet, program.port, `openai-${generation}`));

        expect(output.trim()).toBe("Response to: What is ThinkAgain?");
      });
    }

    test("GET /v1/models lists the graph", async () => {
      const { json } = await send<{ data: { id: string }[] }>(`${url}/models`);

      expect(json.data.map(({ id }) => id)).toEqual(["my-model"]);
    });

    for (const path of ["/", "/health", "/docs", "/redoc"]) {
      test(`GET ${path} is there`, async () => {
        expect((await send(program.url + path)).status).toBe(200);
      });
    }

    test("a request without a model gets the default", async () => {
      const { json } = await post<ChatBody>(`${url}/chat/completions`, { messages: hello.messages });

      expect(json).toMatchObject({ model: "my-model" });
    });

    test("a name that nobody registered is a 404", async () => {
      const answer = await post<ErrorBody>(`${url}/chat/completions`, { ...hello, model: "thinkagain" });

      expect(answer.status).toBe(404);
      expect(answer.json.error).toMatchObject({ type: "invalid_request_error", param: "model" });
    });

    test("a stream has the answer in it", async () => {
      const { chunks } = await postStream<ChatChunk>(`${url}/chat/completions`, hello);

      expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
        "Response to: Hello",
      );
    });
  });

  describe("its other commands", () => {
    const running: Program[] = [];
    afterEach(async () => {
      await Promise.all(running.splice(0).map((program) => program.stop()));
    });
    const start = async (command: string, files: Record<string, string> = { "my-server.ts": server }) => {
      const program = await startProgram(command, { files });
      running.push(program);
      return program;
    };

    test("on every address, as printed", async () => {
      const program = await start("oai-serve --agent my-server.ts --host 0.0.0.0 --port 8000");

      expect(program.output().join("\n")).toContain(`http://0.0.0.0:${program.port}`);
    });

    test("--reload is --watch: a change is served without a restart", async () => {
      const program = await start("oai-serve --agent my-server.ts --watch --port 0");
      const changed = server.replace("Response to:", "Changed answer to:");
      const from = program.output().length;

      writeFileSync(join(program.directory, "my-server.ts"), changed);
      await program.line(/reload|read again|loaded/i, from);

      const { json } = await post<ChatBody>(`${program.url}/v1/chat/completions`, hello);
      expect(json.choices[0]?.message.content).toBe("Changed answer to: Hello");
    });

    test("--workers 4 is --agent-workers 4: the same answers from processes of their own", async () => {
      const program = await start("oai-serve --agent my-server.ts --agent-workers 4 --port 0");

      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post<ChatBody>(`${program.url}/v1/chat/completions`, hello)),
      );

      expect(answers.map(({ json }) => json.choices[0]?.message.content)).toEqual(
        Array.from({ length: 20 }, () => "Response to: Hello"),
      );
    });

    test("without an agent the demo model answers", async () => {
      const program = await start("oai-serve --port 8000");

      const { json } = await post<ChatBody>(`${program.url}/v1/chat/completions`, {
        ...hello,
        model: "demo",
      });

      expect(json.choices[0]?.message.content).toContain("Hello");
    });
  });

  describe("its context", () => {
    let program: Program;
    let url: string;
    beforeAll(async () => {
      program = await startProgram("oai-serve --agent context.ts --port 0", {
        files: { "context.ts": contextServer },
      });
      url = `${program.url}/v1/chat/completions`;
    });
    afterAll(() => program.stop());

    test("holds the last question, the history and the request's params", async () => {
      const { json } = await post<ChatBody>(url, {
        model: "echo",
        messages: [
          { role: "user", content: "one" },
          { role: "assistant", content: "two" },
          { role: "user", content: "three" },
        ],
        temperature: 0.5,
        max_tokens: 7,
        top_p: 0.25,
      });

      // What is no text becomes JSON.
      expect(JSON.parse(json.choices[0]?.message.content ?? "")).toEqual({
        query: "three",
        roles: ["user", "assistant", "user"],
        temperature: 0.5,
        maxTokens: 7,
        topP: 0.25,
      });
    });

    test("a refusal has no content and ends with content_filter", async () => {
      const { json } = await post<ChatBody>(url, { ...hello, model: "refuse" });

      expect(json.choices[0]).toMatchObject({
        message: { content: null, refusal: "Not this." },
        finish_reason: "content_filter",
      });
    });

    test("a node that streams is streamed", async () => {
      const { chunks } = await postStream<ChatChunk>(url, { ...hello, model: "words" });

      const texts = chunks
        .map((chunk) => chunk.choices[0]?.delta.content ?? "")
        .filter((text) => text !== "");
      expect(texts).toEqual(["one ", "two ", "three"]);
    });

    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    };

    test("response_format that the answer keeps is an answer", async () => {
      const { json } = await post<ChatBody>(url, { ...hello, model: "city", ...format(schema) });

      expect(json.choices[0]?.message.content).toBe('{"city":"Oslo"}');
    });

    test("response_format that the answer breaks is an error, never a wrong answer", async () => {
      const answer = await post<ErrorBody>(url, { ...hello, model: "words", ...format(schema) });

      expect(answer.status).toBeGreaterThanOrEqual(422);
      expect(answer.json.error).toMatchObject({ message: expect.any(String), code: expect.any(String) });
    });

    /** [what is wrong, schema] */
    const badSchemas = [
      ["no object at the root", { type: "string" }],
      ["open properties", { ...schema, additionalProperties: true }],
      ["a property that is not required", { ...schema, required: [] }],
    ] as const;
    for (const [what, wrong] of badSchemas) {
      test(`a strict schema with ${what} is refused by name`, async () => {
        const answer = await post<ErrorBody>(url, { ...hello, model: "city", ...format(wrong) });

        expect(answer.status).toBe(400);
        expect(answer.json.error.param).toStartWith("response_format");
      });
    }
  });
});

function format(schema: object) {
  return { response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } } };
}

const contextServer = `
import { createRegistry, END, Graph, type GraphContext } from "oai-serve";

export const registry = createRegistry();

function model(name: string, node: (ctx: GraphContext) => unknown) {
  const graph = new Graph({ name });
  graph.addNode("only", node);
  graph.addEdge("only", END);
  registry.register(name, graph);
}

model("echo", (ctx) => {
  ctx.response = {
    query: ctx.userQuery,
    roles: ctx.messages.map(({ role }) => role),
    temperature: ctx.temperature,
    maxTokens: ctx.maxTokens,
    topP: ctx.topP,
  };
});
model("refuse", (ctx) => {
  ctx.refusal = "Not this.";
});
model("words", async function* () {
  yield "one ";
  yield "two ";
  yield "three";
});
model("city", (ctx) => {
  ctx.response = { city: "Oslo" };
});
`;
