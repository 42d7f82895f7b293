import { afterEach, expect } from "bun:test";
import { serveModels } from "../e2e/servers/bed.ts";
import { callText } from "../e2e/servers/tool-fixtures.ts";
import { clientTest } from "../support/client-matrix/client-test.ts";
import type { Feature } from "../support/client-matrix/rows.ts";
import { expectError } from "../support/expectations.ts";
import { askStream, askWhole, readStream } from "../support/open-responses/read.ts";
import type { OpenResponse } from "../support/open-responses/schema.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post } from "../support/wire.ts";

const weather = {
  type: "function",
  name: "get_weather",
  description: "Get the current weather for a location",
  parameters: {
    type: "object",
    properties: { location: { type: "string", description: "The city and state, e.g. San Francisco, CA" } },
    required: ["location"],
  },
};
const place = { location: "San Francisco, CA" };
const gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

function says(role: string, content: unknown) {
  return { type: "message", role, content };
}

function check(feature: Feature, name: string, body: () => Promise<void>): void {
  clientTest({ client: "open-responses", surface: "responses", feature }, name, body);
}

describeBlackBox("131: Open Responses", () => {
  const bed = serveModels({
    servers: { triton: [{ dialect: "vllm" }], dynamo: [{ dialect: "dynamo", model: "dynamo" }] },
    models: {
      model: { backend: "triton", target: "vllm_model", template: "qwen" },
      blind: { backend: "dynamo", target: "dynamo" },
    },
  });
  afterEach(() => bed.server("triton").fault(undefined, "vllm_model"));

  const answers = (text: string) => bed.server("triton").fault({ text }, "vllm_model");
  const ask = (body: object) => askWhole(bed.url(), { model: "model", ...body });
  const stream = (body: object) => askStream(bed.url(), { model: "model", ...body });
  const promptOf = async (call: number) => (await bed.arrived())[call]?.prompt ?? "";

  check("text", "basic-response", async () => {
    await answers("Hello to you.");

    expect(textOf(await ask({ input: [says("user", "Say hello in exactly 3 words.")] }))).toBe(
      "Hello to you.",
    );
  });

  check("streaming", "streaming-response", async () => {
    await answers("1 2 3 4 5");

    const { events, response } = await stream({ input: [says("user", "Count from 1 to 5.")] });

    const deltas = events.flatMap((event) =>
      event.type === "response.output_text.delta" ? [event.delta] : [],
    );
    expect(deltas.join("")).toBe("1 2 3 4 5");
    expect(textOf(response)).toBe("1 2 3 4 5");
    expect(events.slice(0, 4).map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
    ]);
  });

  check("text", "system-prompt", async () => {
    await answers("Ahoy!");

    await ask({ input: [says("system", "You are a pirate."), says("user", "Say hello.")] });

    expect(await promptOf(0)).toContain("<|im_start|>system\nYou are a pirate.");
  });

  check("tools", "tool-calling", async () => {
    await answers(callText("get_weather", place));

    const response = await ask({ input: [says("user", "What's the weather like?")], tools: [weather] });

    expect(response.output).toMatchObject([{ type: "function_call", name: "get_weather" }]);
    expect(response.tools).toMatchObject([{ ...weather, strict: expect.any(Boolean) }]);
  });

  check("tools", "tool-calling-streaming", async () => {
    await answers(callText("get_weather", place));

    const { events, response } = await stream({
      input: [says("user", "What's the weather like?")],
      tools: [weather],
    });

    const pieces = events.flatMap((event) =>
      event.type === "response.function_call_arguments.delta" ? [event.delta] : [],
    );
    expect(JSON.parse(pieces.join(""))).toEqual(place);
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set([
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
      ] as const),
    );
    expect(response.output).toMatchObject([{ type: "function_call", name: "get_weather" }]);
  });

  check("tools", "function-call-roundtrip", async () => {
    // A model that is held to the form of a call, as the server was asked to, needs no directive.
    const question = says("user", "What's the weather like?");
    const choice = { type: "function", name: "get_weather" };
    const called = await ask({ input: [question], tools: [weather], tool_choice: choice });
    const [call] = called.output;
    if (call?.type !== "function_call") throw new Error("There is no call.");
    await answers("It is sunny.");

    const outcome = { type: "function_call_output", call_id: call.call_id, output: "Sunny, 20 °C" };
    const told = await ask({ input: [question, ...called.output, outcome], tools: [weather] });

    expect(JSON.parse(call.arguments)).toHaveProperty("location");
    expect(called.tool_choice).toEqual({ type: "function", name: "get_weather" });
    expect(textOf(told)).toBe("It is sunny.");
    expect(await promptOf(1)).toContain("Sunny, 20 °C");
  });

  const image = [
    { type: "input_text", text: "What do you see?" },
    { type: "input_image", image_url: `data:image/gif;base64,${gif}` },
  ];

  check("text", "image-input", async () => {
    await answers("A dot.");

    expect(textOf(await ask({ input: [says("user", image)] }))).toBe("A dot.");
    expect((await bed.arrived())[0]?.tensors["image"]).toEqual(["BYTES", [1], [gif]]);
  });

  const file = [{ type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERg==" }];

  for (const [what, model, content] of [
    ["image-input, by a model that takes none", "blind", image],
    ["file-input", "model", file],
  ] as const) {
    check("errors", `${what}, is refused as such`, async () => {
      const answer = await post(`${bed.url()}/responses`, { model, input: [says("user", content)] });

      expectError(answer, { status: 400, code: "unsupported_value", param: "input" });
      expect(await bed.arrived()).toEqual([]);
    });
  }

  check("conversations", "multi-turn", async () => {
    await answers("Alice.");

    await ask({
      input: [
        says("user", "My name is Alice."),
        says("assistant", "Hello Alice!"),
        says("user", "What is my name?"),
      ],
    });

    const prompt = await promptOf(0);
    const places = ["My name is Alice.", "Hello Alice!", "What is my name?"].map((text) =>
      prompt.indexOf(text),
    );
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  check("conversations", "previous-response-id", async () => {
    await answers("Alice.");
    const first = await ask({ input: [says("user", "My name is Alice.")] });

    const next = await ask({
      previous_response_id: first.id,
      input: [says("user", "What is my name?")],
    });
    const { response } = await stream({ previous_response_id: next.id, input: "And again?" });

    expect([next.previous_response_id, response.previous_response_id]).toEqual([first.id, next.id]);
    expect(await promptOf(1)).toContain("My name is Alice.");
    expect(await promptOf(2)).toContain("What is my name?");
  });

  check("reasoning", "an item of reasoning has what every item has", async () => {
    await answers("<think>\nLet me see.\n</think>\n\nIt is so.");

    const whole = await ask({ input: [says("user", "Think.")] });
    const { response } = await stream({ input: [says("user", "Think.")] });

    for (const { output } of [whole, response])
      expect(output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  });

  check("errors", "a failure in a stream is an error event and a failed response", async () => {
    await bed.server("triton").fault({ pieces: ["one ", "two "], fail_after: 1 }, "vllm_model");

    const events = await readStream(bed.url(), { model: "model", input: "Fail." });

    expect(events.slice(-2)).toMatchObject([
      { type: "error", error: { code: "upstream_error" } },
      { type: "response.failed", response: { status: "failed", error: { code: "server_error" } } },
    ]);
  });

  check("errors", "a limit that is reached ends in an incomplete response", async () => {
    await answers("one two three");

    const events = await readStream(bed.url(), { model: "model", input: "Go on.", max_output_tokens: 2 });

    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", output: [{ status: "incomplete" }] },
    });
  });
});

function textOf({ output }: OpenResponse): string {
  return output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : ""))
    .join("");
}
