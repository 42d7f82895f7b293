import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { PythonError, pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { expectError, expectNoBackendDetail } from "../support/expectations.ts";
import { type Gateway, startGateway } from "../support/harness.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { rejection } from "../support/rejection.ts";
import {
  foldEvents,
  type ResponseBody,
  type ResponseEvent,
  responseEvents,
} from "../support/response-events.ts";
import { post } from "../support/wire.ts";
import { startBed, type Bed } from "./bed.ts";

const tool = {
  type: "function" as const,
  name: "get_weather",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: false,
};

const textOrder = [
  "response.created",
  "response.in_progress",
  "response.output_item.added",
  "response.content_part.added",
  "response.output_text.delta",
  "response.output_text.done",
  "response.content_part.done",
  "response.output_item.done",
  "response.completed",
];

/** The types of the events, those that follow each other once. */
function order(events: readonly ResponseEvent[]): string[] {
  return events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
}

describeBlackBox("I. Responses, streaming, over a model server", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  const stream = async (body: Record<string, unknown>) => {
    const { text, headers } = await post(`${bed.url}/responses`, {
      model: "echo",
      input: "a b c",
      stream: true,
      ...body,
    });
    return { text, headers, events: responseEvents(text) };
  };

  test("122: a text has the exact order, one number after the other, and [DONE] last", async () => {
    const { events, headers } = await stream({});

    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(order(events)).toEqual(textOrder);
    expect(
      events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta),
    ).toEqual(["a ", "b ", "c"]);
    expect(events[0]?.response).toMatchObject({ status: "in_progress", output: [], usage: null });
  });

  test("123: ids stay, and the response at the end is what was streamed", async () => {
    const { events } = await stream({});

    const last = events.at(-1)?.response;
    const itemIds = events.flatMap(({ item_id: itemId, item }) => itemId ?? item?.id ?? []);
    expect(new Set(itemIds).size).toBe(1);
    expect(new Set(events.flatMap(({ response }) => response?.id ?? [])).size).toBe(1);
    expect<object[] | undefined>(last?.output).toEqual(foldEvents(events));
    expect(last).toMatchObject({
      status: "completed",
      usage: { output_tokens: 3, total_tokens: expect.any(Number) },
    });
  });

  test("126: a limit that is reached ends in response.incomplete", async () => {
    const { events } = await stream({ model: "endless", max_output_tokens: 20 });

    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        usage: { output_tokens: 20 },
      },
    });
    expect<object[] | undefined>(events.at(-1)?.response?.output).toEqual(foldEvents(events));
  });

  test("characters that tokens split are whole in every event", async () => {
    const { events, text } = await stream({ model: "utf8" });

    expect(text).not.toContain("\ufffd");
    expect(foldEvents(events)[0]?.content?.[0]?.text).toBe("héllo 👩‍🚀 世界");
    for (const { delta = "" } of events) expect(delta.isWellFormed()).toBe(true);
  });

  test("127: a failure after the first token is an error of all forms, then a failed response", async () => {
    const { events, text } = await stream({ model: "failmid" });

    expect(events.slice(-2)).toMatchObject([
      {
        type: "error",
        code: "upstream_error",
        message: expect.any(String),
        param: null,
        error: { type: "server_error", code: "upstream_error", message: expect.any(String), param: null },
      },
      {
        type: "response.failed",
        response: {
          status: "failed",
          error: { code: "server_error", message: expect.any(String) },
          output: [{ type: "message", status: "incomplete", content: [{ text: "one two " }] }],
        },
      },
    ]);
    expectNoBackendDetail(text);
  });

  for (const [model, status, code] of [
    ["fail", 503, "upstream_unavailable"],
    ["badarg", 400, "upstream_invalid_argument"],
    ["zero", 502, "upstream_error"],
  ] as const) {
    test(`127: ${model} with stream is the status ${status}`, async () => {
      const answer = await post(`${bed.url}/responses`, { model, input: "hi", stream: true });

      expectError(answer, { status, code });
    });
  }

  for (const { name, connect } of nodeGenerations) {
    describe(name, () => {
      test("129: .stream() gives the response", async () => {
        const response = await connect(bed.url)
          .responses.stream({ model: "echo", input: "a b c" })
          .finalResponse();

        expect([response.status, response.output_text]).toEqual(["completed", "a b c"]);
      });

      test("128: .stream() of one in the background goes on behind an event", async () => {
        const client = connect(bed.url);
        const { id } = await client.responses.create({ model: "echo", input: "a b c", background: true });
        const seen: number[] = [];

        const response = await client.responses
          .stream({ response_id: id, starting_after: 4 })
          .on("event", (event) => seen.push(event.sequence_number))
          .finalResponse();

        expect(response.output_text).toBe("a b c");
        expect(seen[0]).toBe(5);
      });

      test("127: a failure is an error with its code", async () => {
        const streaming = connect(bed.url).responses.stream({ model: "failmid", input: "x" }).finalResponse();

        expect(await rejection(streaming)).toMatchObject({ code: "upstream_error", type: "server_error" });
      });

      test("126: a response that was cut short is given as it is", async () => {
        const response = await connect(bed.url)
          .responses.stream({ model: "endless", input: "x", max_output_tokens: 20 })
          .finalResponse();

        expect(response.status).toBe("incomplete");
      });

      test("leaving ends the stream", async () => {
        const events = await connect(bed.url).responses.create({
          model: "endless",
          input: "x",
          stream: true,
        });
        let count = 0;

        for await (const event of events) {
          if (event.type === "response.output_text.delta" && ++count === 3) break;
        }

        expect(count).toBe(3);
      });
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let client: PythonClient;
      beforeAll(async () => {
        client = await startPython(generation);
      });
      afterAll(() => client.stop());

      test("129: .stream() gives the response", async () => {
        const { events, final } = await client.run<{ events: string[]; final: ResponseBody }>({
          baseUrl: bed.url,
          call: "responses.stream",
          arguments: { model: "echo", input: "a b c" },
          mode: "helper",
        });

        expect(events.at(-1)).toBe("response.completed");
        expect(final.output[0]?.content?.[0]?.text).toBe("a b c");
      });

      test("127: a failure is an error with its code", async () => {
        const streaming = client.run({
          baseUrl: bed.url,
          call: "responses.create",
          arguments: { model: "failmid", input: "x", stream: true },
          mode: "items",
        });

        const error = await rejection(streaming);
        expect(error).toBeInstanceOf(PythonError);
        expect(error).toMatchObject({ details: { code: "upstream_error", type: "server_error" } });
      });
    });
  }
});

describeBlackBox("I. Responses, streaming, with the demo model", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ args: ["--demo-delay", "0"] });
  });
  afterAll(() => gateway.stop());

  const stream = async (body: Record<string, unknown>) => {
    const { text } = await post(`${gateway.url}/v1/responses`, {
      model: "demo",
      input: "weather?",
      stream: true,
      ...body,
    });
    return responseEvents(text);
  };

  test("124: a call has its arguments in pieces, its name at both ends, and the same ids", async () => {
    const events = await stream({ tools: [tool] });
    const output = foldEvents(events);

    const added = events.find(({ type }) => type === "response.output_item.added");
    const done = events.find(({ type }) => type === "response.function_call_arguments.done");
    expect(order(events)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(added?.item).toMatchObject({
      type: "function_call",
      status: "in_progress",
      call_id: expect.stringMatching(/^call_/),
      name: "get_weather",
      arguments: "",
    });
    expect(done).toMatchObject({ name: "get_weather", item_id: added?.item?.id ?? "" });
    expect<object[] | undefined>(events.at(-1)?.response?.output).toEqual(output);
  });

  test("125: reasoning comes before the message, as a summary that clients show", async () => {
    const events = await stream({ reasoning: { effort: "high" } });

    const { output, usage } = events.at(-1)?.response ?? {};
    expect(order(events).slice(2, 8)).toEqual([
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
    ]);
    expect(output?.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect<object[] | undefined>(output).toEqual(foldEvents(events));
    expect(usage?.output_tokens_details.reasoning_tokens ?? Infinity).toBeLessThanOrEqual(
      usage?.output_tokens ?? 0,
    );
  });

  test("132: what the command line agent sends is answered as it reads it", async () => {
    const events = await stream({
      instructions: "You are a coding agent.",
      input: [
        { type: "message", role: "developer", content: [{ type: "input_text", text: "Sandboxed." }] },
        { type: "message", role: "user", content: [{ type: "input_text", text: "List the files." }] },
        { type: "reasoning", id: "rs_1", summary: [], content: null, encrypted_content: "gAAAA" },
        { type: "function_call", name: "shell", arguments: '{"command":["ls"]}', call_id: "call_1" },
        { type: "function_call_output", call_id: "call_1", output: "a.txt" },
      ],
      tools: [
        { ...tool, name: "shell" },
        { type: "custom", name: "apply_patch", description: "Edits.", format: { type: "grammar" } },
        { type: "namespace", name: "mcp", description: "", tools: [{ ...tool, name: "read" }] },
        { type: "web_search" },
        { type: "local_shell" },
      ],
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { effort: "medium", summary: "auto" },
      store: false,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: "0199",
      client_metadata: { origin: "cli" },
    });

    const { output, usage } = events.at(-1)?.response ?? {};
    const done = events.filter(({ type }) => type === "response.output_item.done");
    expect(done.map(({ item }) => item?.id)).toEqual(output?.map(({ id }) => id) ?? []);
    expect(usage).toMatchObject({
      input_tokens: expect.any(Number),
      output_tokens: expect.any(Number),
      total_tokens: expect.any(Number),
    });
  });

  const asked = [
    ["a text", { tools: [] }, ["message"]],
    ["a call", { tools: [tool] }, ["function_call"]],
    ["reasoning", { tools: [], reasoning: { effort: "high" as const } }, ["reasoning", "message"]],
  ] satisfies [string, object, string[]][];

  for (const { name, connect } of nodeGenerations) {
    for (const [what, body, types] of asked) {
      test(`129: ${name}: .stream() with ${what}`, async () => {
        const response = await connect(`${gateway.url}/v1`)
          .responses.stream({ model: "demo", input: "weather?", ...body })
          .finalResponse();

        expect(response.output.map(({ type }): string => type)).toEqual(types);
      });
    }
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let client: PythonClient;
      beforeAll(async () => {
        client = await startPython(generation);
      });
      afterAll(() => client.stop());

      for (const [what, body, types] of asked) {
        test(`129: .stream() with ${what}`, async () => {
          const { final } = await client.run<{ final: ResponseBody }>({
            baseUrl: `${gateway.url}/v1`,
            call: "responses.stream",
            arguments: { model: "demo", input: "weather?", ...body },
            mode: "helper",
          });

          expect(final.output.map(({ type }) => type)).toEqual(types);
        });
      }
    });
  }
});
