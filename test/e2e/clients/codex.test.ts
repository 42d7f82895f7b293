import { afterEach, beforeAll, expect } from "bun:test";
import { clientTest } from "../../support/client-matrix/client-test.ts";
import type { Feature } from "../../support/client-matrix/rows.ts";
import { CodexError, type CodexTurn, readCodexTurn } from "../../support/codex/reader.ts";
import { type CodexRequest, codexRequest, postAsCodex } from "../../support/codex/requests.ts";
import { expectNoBackendDetail } from "../../support/expectations.ts";
import { type Gateway, startGateway } from "../../support/harness.ts";
import type { ReplyDirective } from "../../support/kserve/look-alike.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { rejection } from "../../support/rejection.ts";
import { callText } from "../servers/tool-fixtures.ts";
import { serveClients } from "./bed.ts";

const first = codexRequest("first-turn");
const second = codexRequest("second-turn");
const afterCompaction = codexRequest("after-compaction");

const command = { command: ["ls"], workdir: "/home/user/project" };
const patch = "*** Begin Patch\n*** Update File: hello.txt\n-helo\n+hello\n*** End Patch\n";

function check(feature: Feature, name: string, body: () => Promise<void>): void {
  clientTest({ client: "codex", surface: "responses", feature }, name, body);
}

/** A turn with what Codex adds to it before the next one. */
function after(request: CodexRequest, turn: CodexTurn, ...outputs: readonly object[]): CodexRequest {
  return { ...request, input: [...request.input, ...turn.items, ...outputs] };
}

describeBlackBox("Codex, requests in its form, before a model server", () => {
  const bed = serveClients();
  const says = (directive: ReplyDirective) => bed.server("triton").fault(directive, "vllm_model");
  afterEach(() => bed.server("triton").fault(undefined, "vllm_model"));

  /** As the model saw it in its first call of the test, its second, ... */
  const promptOf = async (call: number) => (await bed.arrived())[call]?.prompt ?? "";

  const run = async (body: CodexRequest, model = "thinker"): Promise<CodexTurn> =>
    readCodexTurn(await postAsCodex(bed.url(), { ...body, model }));

  check("text", "132: a turn ends with its message and its usage", async () => {
    await says({ text: "There are two files." });

    const { items, responseId, usage } = await run(first);

    expect(responseId).toStartWith("resp_");
    expect<object[]>(items).toEqual([
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "There are two files.", annotations: [], logprobs: [] }],
      },
    ]);
    expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
    expect(usage.output_tokens).toBe(4);
  });

  check("text", "132: the model is told what was said, and by whom", async () => {
    await run(first);

    const prompt = await promptOf(0);
    const places = [
      "<|im_start|>system",
      first.instructions,
      "sandbox_mode",
      "<INSTRUCTIONS>",
      "<environment_context>",
      "List the files",
    ].map((text) => prompt.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  check("streaming", "132: the text is shown piece by piece", async () => {
    await says({ pieces: ["There ", "are ", "two files."] });

    expect((await run(first)).text).toEqual(["There ", "are ", "two files."]);
  });

  check(
    "tools",
    "132: the model sees the tools that run at the client, and the others are named",
    async () => {
      const response = await postAsCodex(bed.url(), { ...first, model: "thinker" });
      await readCodexTurn(response);

      const prompt = await promptOf(0);
      for (const name of ["shell", "update_plan", "apply_patch", "mcp__files__read"]) {
        expect(prompt).toContain(`"name": "${name}"`);
      }
      expect(response.headers.get("x-oai-serve-ignored-params")).toContain(
        "tools.local_shell, tools.web_search, tools.tool_search",
      );
    },
  );

  check("tools", "132: a command runs at the client, and its output comes back", async () => {
    await says({ text: callText("shell", command) });
    const called = await run(first);
    const [call] = called.items;
    await says({ text: "Done." });

    const { items } = await run(
      after(first, called, { type: "function_call_output", call_id: call?.call_id, output: "hello.txt" }),
    );

    expect(called.items).toMatchObject([{ type: "function_call", name: "shell" }]);
    expect(JSON.parse(call?.arguments ?? "")).toEqual(command);
    expect(items).toMatchObject([{ type: "message", content: [{ text: "Done." }] }]);
    expect(await promptOf(1)).toContain("hello.txt\n</tool_response>");
  });

  check("tools", "132: a patch is free text", async () => {
    await says({ text: callText("apply_patch", { input: patch }) });
    const called = await run(first);
    const [call] = called.items;
    await says({ text: "Done." });

    const { items } = await run(
      after(first, called, { type: "custom_tool_call_output", call_id: call?.call_id, output: "Updated." }),
    );

    expect(call).toMatchObject({ type: "custom_tool_call", name: "apply_patch", input: patch });
    expect(items).toMatchObject([{ type: "message", content: [{ text: "Done." }] }]);
    expect(await promptOf(1)).toContain("Updated.");
  });

  check("tools", "132: a tool of a namespace is called by both of its names", async () => {
    await says({ text: callText("mcp__files__read", { path: "hello.txt" }) });

    expect((await run(first)).items).toMatchObject([
      { type: "function_call", namespace: "mcp__files__", name: "read" },
    ]);
  });

  check("tools", "132: every item of a message with calls is done", async () => {
    await says({ text: `First this.\n${callText("shell", command)}\n${callText("shell", command)}` });

    const { items, text } = await run(first);

    expect(items.map(({ type }) => type)).toEqual(["message", "function_call", "function_call"]);
    expect(text.join("").trim()).toBe("First this.");
    expect(new Set(items.map((item) => item.call_id)).size).toBe(3);
  });

  check("reasoning", "132: a thought is shown, and goes back as it came", async () => {
    await says({ text: "<think>\nLet me see.\n</think>\n\nIt is so." });
    const thought = await run(first);

    const { items } = await run(after(first, thought, { role: "user", content: "Go on." }));

    expect(thought.reasoning.join("")).toContain("Let me see.");
    expect(thought.items).toMatchObject([
      { type: "reasoning", encrypted_content: expect.stringMatching(/./) },
      { type: "message", content: [{ text: "It is so." }] },
    ]);
    expect(items.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  });

  check("conversations", "132: a second turn brings all that was said, thought and done", async () => {
    await says({ text: "It is corrected." });

    const { items } = await run(second);

    const prompt = await promptOf(0);
    expect(items).toMatchObject([{ type: "message", content: [{ text: "It is corrected." }] }]);
    for (const text of ["I will look", '"ls"', "README.md", "helo", "*** Update File", "Success."])
      expect(prompt).toContain(text);
    expect(prompt).not.toContain("gAAAA");
  });

  check("conversations", "132: a turn after a compaction goes on from the summary", async () => {
    await says({ text: "The greeting." });

    const { items } = await run(afterCompaction);

    expect(items).toMatchObject([{ type: "message", content: [{ text: "The greeting." }] }]);
    expect(await promptOf(0)).toContain("hello.txt was corrected.");
  });

  check("conversations", "132: a compaction of ours is gone on from", async () => {
    await says({ text: "A summary of it all." });
    const { model: _model, instructions, input } = second;
    const compacted = await fetch(`${bed.url()}/responses/compact`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "thinker", instructions, input }),
    });
    const { output }: { output: object[] } = JSON.parse(await compacted.text());

    await run({ ...first, input: [...output, { role: "user", content: "And now?" }] });

    expect(await promptOf(1)).toContain("A summary of it all.");
  });

  check("structured", "132: an answer of the form that was asked for", async () => {
    const format = {
      type: "json_schema",
      name: "codex_output_schema",
      strict: true,
      schema: {
        type: "object",
        properties: { files: { type: "string" } },
        required: ["files"],
        additionalProperties: false,
      },
    };

    const { text } = await run({ ...first, tools: [], text: { verbosity: "low", format } });

    expect(JSON.parse(text.join(""))).toEqual({ files: "text" });
  });

  check("errors", "132: a failure in the middle has a code", async () => {
    await says({ pieces: ["one ", "two "], fail_after: 1, fail_text: "at 10.20.30.40: /srv/models" });
    const failure = await rejection(run(first));

    expect(failure).toBeInstanceOf(CodexError);
    expect(failure).toMatchObject({ code: "server_error", status: 200 });
    expectNoBackendDetail(String(failure));
  });

  for (const [when, directive, failure] of [
    ["before its first token", { fail_after: 0 }, { code: "context_length_exceeded", status: 400 }],
    ["after it", { fail_after: 1 }, { code: "context_length_exceeded", status: 200 }],
  ] as const) {
    check("errors", `132: a model server that runs out of context ${when} is told apart`, async () => {
      const text = "This model's maximum context length is 10 tokens.";
      await says({ pieces: ["one "], ...directive, fail_status: "INVALID_ARGUMENT", fail_text: text });

      expect(await rejection(run(first))).toMatchObject(failure);
    });
  }

  check("errors", "132: a limit that is reached is not taken for an end", async () => {
    await says({ text: "one two three" });

    expect(await rejection(run({ ...first, max_output_tokens: 2 }))).toMatchObject({ code: "incomplete" });
  });

  check("aborts", "132: leaving in the middle of a turn ends the call at the model server", async () => {
    await says({ pieces: ["one ", "two "], hang: true });
    const leaving = new AbortController();
    const response = await postAsCodex(bed.url(), { ...first, model: "thinker" }, leaving.signal);
    const reading = readCodexTurn(response, (text) => {
      if (text === "two ") leaving.abort();
    });

    expect(await rejection(reading)).toMatchObject({ name: "AbortError" });
    expect(await bed.server("triton").cancelled(1)).toHaveLength(1);
  });

  for (const [name, request, pieces] of [
    ["a turn", first, ["Hello ", "from ", "here."]],
    ["a second turn", second, [expect.stringContaining("Success. Updated the following files")]],
    ["a turn after a compaction", afterCompaction, ["Hello ", "from ", "here."]],
  ] as const) {
    check("agents", `132: an agent answers ${name} as well`, async () => {
      const { items, text } = await run(request, "agent");

      expect<readonly string[]>(text).toEqual(pieces);
      expect(items).toMatchObject([{ type: "message", content: [{ text: text.join("") }] }]);
    });
  }
});

describeBlackBox("Codex, requests in its form, before the demo model", () => {
  let gateway: Gateway | undefined;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--demo-delay", "0"] });
    return () => gateway?.stop();
  });

  const run = async (body: CodexRequest): Promise<CodexTurn> =>
    readCodexTurn(await postAsCodex(`${gateway?.url}/v1`, { ...body, model: "demo" }));

  check("tools", "132: a call, its output, and the answer", async () => {
    const called = await run(first);
    const call = called.items.find(({ type }) => type === "function_call");

    const { items } = await run(
      after(first, called, { type: "function_call_output", call_id: call?.call_id, output: "a.txt" }),
    );

    expect(JSON.parse(call?.arguments ?? "")).toHaveProperty("command");
    expect(items.at(-1)).toMatchObject({ type: "message", role: "assistant" });
  });

  for (const [name, request] of Object.entries({ second, afterCompaction })) {
    check("text", `132: ${name} is answered`, async () => {
      const { items, usage } = await run(request);

      expect(items.length).toBeGreaterThan(0);
      expect(usage.input_tokens).toBeGreaterThan(0);
    });
  }
});
