import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ServerResponse } from "node:http";
import { type ChatChunk, chatText, user } from "../../../support/openai-wire.ts";
import { describeBlackBox } from "../../../support/prerequisites.ts";
import { parseEvents, postStream, readFrames } from "../../../support/wire.ts";
import { messagesOf, toolNamesOf } from "../upstream-body.ts";
import { callsIn, endlessCallsIn, node7, resultsOf, startToolBed, type ToolBed } from "./bed.ts";
import { say, type Site, startSite } from "./site.ts";

const sum = { name: "calculator", arguments: { expression: "1 + 1" } };
const weather = { name: "get_weather", arguments: { city: "Oslo" } };

interface SteppingChunk {
  choices: { delta: { reasoning_content?: string } }[];
}

/** An agent with tools of its own, in a file beside the configuration. */
const source = `
import { defineAgent, tool } from "oai-serve";

let aborted = 0;
const hang = tool({
  name: "hang",
  execute: async (_args, { signal, log }) => {
    log.info("hanging");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted++;
  },
});
const wait = tool({
  name: "wait",
  timeoutMs: 60_000,
  execute: async (args, context) => await hang.execute(args, context),
});
const fail = tool({ name: "fail", execute: () => { throw new Error("The printer is out of paper."); } });
const count = tool({ name: "count_aborted", execute: () => ({ aborted }) });

export const agent = defineAgent({
  name: "agent",
  model: "gpt-4o-mini",
  tools: [hang, wait, fail, count, "calculator", "http_request"],
});
`;

const limits = { max_model_calls: 5, max_tool_calls: 12, tool_timeout: "300ms" };

describeBlackBox("The rounds of an agent and its tools", () => {
  let bed: ToolBed;
  let site: Site;
  let open = { now: 0, most: 0 };
  const gate = Promise.withResolvers<void>();
  beforeAll(async () => {
    site = await startSite(async ({ path }, response) => {
      if (path === "/gate") await gate.promise;
      if (path === "/slow") await holdOpen(response);
      say(response, `answer of ${path}`);
    });
    bed = await startToolBed({
      config: {
        agent_files: ["agent.ts"],
        agents: { impatient: { model: "gpt-4o-mini", tools: ["calculator"], max_iterations: 2 } },
        agent_limits: limits,
        tools: { http_request: { allow_private_hosts: [site.host] } },
      },
      files: { "agent.ts": source },
      args: "--head-start 50ms --keep-alive 100ms",
    });
  });
  afterAll(async () => {
    await bed.stop();
    site.close();
  });

  /** Long enough for another request to come meanwhile. */
  const holdOpen = async (response: ServerResponse) => {
    open.now++;
    open.most = Math.max(open.most, open.now);
    response.on("close", () => open.now--);
    await Bun.sleep(50);
  };
  const get = (path: string) => ({ name: "http_request", arguments: { url: `${site.url}${path}` } });
  const client = () => node7().connect(bed.url).chat.completions;

  describe("calls of one turn", () => {
    for (const [parallel_tool_calls, most] of [
      [true, 3],
      [false, 1],
    ] as const) {
      test(`run at once where the client lets a turn have several: parallel ${parallel_tool_calls}`, async () => {
        open = { now: 0, most: 0 };
        const calls = [get("/slow"), get("/slow"), get("/slow")];

        const answer = await client().create({
          model: "agent",
          ...user(callsIn(calls)),
          parallel_tool_calls,
        });

        expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toHaveLength(most);
        expect(open.most).toBe(most);
      });
    }

    test("are told in their order, good and bad alike", async () => {
      const results = await bed.ask(sum, { name: "fail" }, { name: "hang" }, { name: "nothing" }, sum);

      expect(results).toEqual([
        "2",
        "Error: The printer is out of paper.",
        "Error: hang timed out after 0.3 s.",
        "Error: There is no tool of that name. There are: hang, wait, fail, count_aborted, calculator, http_request.",
        "2",
      ]);
    });
  });

  describe("what is wrong with a call is told to the model", () => {
    for (const [what, given, problem] of [
      ["no JSON", '{"expression": ', "Error: The arguments of calculator are not valid JSON."],
      ["not what the schema asks for", {}, "Error: The arguments of calculator are not valid:"],
      [
        "of the wrong type",
        { expression: 2 },
        "Error: The arguments of calculator are not valid: 'expression'",
      ],
      [
        "more than the schema has",
        { expression: "1", x: 1 },
        "Error: The arguments of calculator are not valid:",
      ],
      ["without sense", { expression: "1 +" }, "Error: "],
    ] as const) {
      test(`arguments that are ${what}`, async () => {
        const [result] = await bed.ask({ name: "calculator", arguments: given });

        const asked = messagesOf(bed.upstream.calls.at(-1)?.body ?? {});
        const call = asked.at(-2)?.toolCalls[0];
        expect(result).toStartWith(problem);
        expect(asked.at(-1)).toMatchObject({ role: "tool", toolCallId: call?.id, content: result });
        expect(() => JSON.parse(call?.arguments ?? "")).not.toThrow();
      });
    }
  });

  test("a tool is told when its time is over and when the client leaves", async () => {
    const before = JSON.parse((await bed.ask({ name: "count_aborted" }))[0] ?? "").aborted;
    const leaving = new AbortController();
    const seen = bed.program.output().length;
    const pending = client()
      .create({ model: "agent", ...user(callsIn([{ name: "wait" }])) }, { signal: leaving.signal })
      .catch((error: unknown) => String(error));
    await bed.program.line(/hanging/, seen);

    leaving.abort();
    const outcome = await pending;
    await bed.program.line(/✗ The client closed the connection/, seen);

    expect(outcome).toContain("abort");
    expect(await bed.ask({ name: "hang" })).toEqual(["Error: hang timed out after 0.3 s."]);
    expect(await bed.ask({ name: "count_aborted" })).toEqual([JSON.stringify({ aborted: before + 2 })]);
  });

  describe("tools of the agent and of the client", () => {
    const body = { model: "agent", tools: [clientTool("get_weather"), clientTool("calculator")] };

    for (const stream of [false, true]) {
      test(`meet in one turn: its own are run, the client's come back, stream ${stream}`, async () => {
        const question = user(callsIn([sum, weather]));

        const first = stream
          ? await client()
              .stream({ ...body, ...question })
              .finalChatCompletion()
          : await client().create({ ...body, ...question });
        const [choice] = first.choices;
        const calls = choice?.message.tool_calls ?? [];
        const second = await client().create({
          ...body,
          messages: [
            ...question.messages,
            { role: "assistant", content: null, tool_calls: calls },
            { role: "tool", tool_call_id: calls[0]?.id ?? "", content: "sunny" },
          ],
        });

        expect(choice?.finish_reason).toBe("tool_calls");
        expect(calls).toHaveLength(1);
        expect(calls[0]).toMatchObject({
          type: "function",
          function: { name: "get_weather", arguments: JSON.stringify(weather.arguments) },
        });
        expect(second.choices[0]?.message.content).toBe(JSON.stringify(["2", "sunny"]));
        expect(second.choices[0]?.finish_reason).toBe("stop");
      });
    }

    test("with one name are the agent's", async () => {
      const answer = await client().create({ ...body, ...user(callsIn([sum])) });

      const offered = toolNamesOf(bed.upstream.calls.at(-1)?.body ?? {});
      expect(answer.choices[0]?.message.content).toBe('["2"]');
      expect(offered.filter((name) => name === "calculator")).toHaveLength(1);
    });

    test("differ where the client demands a call: only one of its own can be meant", async () => {
      const answer = await client().create({
        ...body,
        ...user(callsIn([weather])),
        tool_choice: "required",
      });

      const asked = bed.upstream.calls.at(-1)?.body ?? {};
      expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
      expect(toolNamesOf(asked)).toEqual(["get_weather"]);
      expect(asked["tool_choice"]).toBe("required");
    });
  });

  describe("a model that never answers", () => {
    const cases: readonly [what: string, model: string, count: number, code: string, sentence: string][] = [
      ["asks as often as it may", "agent", 1, "agent_budget_exceeded", "asked models 5 times"],
      ["calls as often as it may", "agent", 5, "agent_budget_exceeded", "called tools 12 times"],
      ["has the rounds of its agent", "impatient", 1, "agent_iterations_exceeded", "asked its model 2 times"],
    ];
    for (const [what, model, count, code, sentence] of cases) {
      for (const stream of [false, true]) {
        test(`${what}, and its request fails once, stream ${stream}`, async () => {
          const { OpenAI } = node7();
          const before = bed.upstream.calls.length;
          // Retries as clients do unless told otherwise.
          const patient = new OpenAI({ baseURL: bed.url, apiKey: "unused" });

          const asked = { model, ...user(endlessCallsIn(Array.from({ length: count }, () => sum))) };
          const { completions } = patient.chat;

          const answer = stream ? completions.stream(asked).finalChatCompletion() : completions.create(asked);
          const failure = await answer.catch((error: unknown) => error);

          expect(failure).toBeInstanceOf(OpenAI.APIError);
          expect(failure).toMatchObject({ code });
          expect(String(failure)).toContain(sentence);
          expect(bed.upstream.calls.length - before).toBeLessThanOrEqual(limits.max_model_calls);
        });
      }
    }
  });

  test("in its last round a model is offered no tool that could not be heard", async () => {
    const answer = await client().create({ model: "impatient", ...user(callsIn([sum])) });

    expect(answer.choices[0]?.message.content).toBe('["2"]');
    expect(bed.upstream.calls.at(-1)?.body["tool_choice"]).toBe("none");
  });

  test("comments keep a stream alive while a tool works", async () => {
    const response = await fetch(`${bed.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "agent", ...user(callsIn([get("/gate")])), stream: true }),
    });
    const frames: string[] = [];
    let comments = 0;
    for await (const frame of readFrames(response)) {
      frames.push(frame);
      if (frame.startsWith(":") && ++comments === 2) gate.resolve();
    }

    const { chunks } = parseEvents<ChatChunk>(`${frames.join("\n\n")}\n\n`);
    expect(frames[0]).toStartWith("data: {");
    expect(JSON.parse(JSON.parse(chatText(chunks))[0]).body).toBe("answer of /gate");
  });

  test("steps come as reasoning to a client that asks for them", async () => {
    const { chunks } = await postStream<SteppingChunk>(`${bed.url}/chat/completions`, {
      model: "agent",
      ...user(callsIn([sum])),
      include_steps: true,
    });

    const steps = chunks.flatMap(({ choices }) => choices).map(({ delta }) => delta.reasoning_content ?? "");
    expect(steps.join("")).toContain('🔧 calculator({"expression":"1 + 1"})');
  });

  test("every turn of the model has its calls and their results side by side", async () => {
    await bed.ask(sum, sum);

    const messages = messagesOf(bed.upstream.calls.at(-1)?.body ?? {});
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
    expect(messages[1]?.toolCalls.map(({ id }) => id)).toEqual(["call_1", "call_2"]);
    expect(resultsOf(bed.upstream.calls.at(-1)?.body ?? {})).toEqual(["2", "2"]);
  });
});

function clientTool(name: string) {
  return { type: "function" as const, function: { name, parameters: {} } };
}
