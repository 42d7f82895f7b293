import type OpenAI from "openai-node-7";
import type { NodeGeneration } from "../../support/clients/node.ts";
import { user } from "../../support/openai-wire.ts";
import { forecast, placeSchema } from "./bed.ts";
import type { Ask, Driver } from "./driver.ts";

/** openai-node on chat completions, with its helpers: `stream`, `runTools`, `parse`. */
export function nodeChat({ connect }: NodeGeneration): Driver {
  const on =
    <Value>(run: (client: OpenAI, ask: Ask) => Promise<Value>) =>
    (ask: Ask) =>
      run(connect(ask.baseUrl), ask);
  return {
    text: on(text),
    streaming: on(streaming),
    tools: on(tools),
    streamedTools: on(streamedTools),
    structured: on(structured),
    reasoning: on(reasoning),
    abort: on(abort),
    errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
  };
}

const runnable = {
  type: "function" as const,
  function: {
    name: forecast.name,
    description: "Weather to come.",
    parameters: placeSchema,
    parse: JSON.parse,
    function: ({ city }: { city: string }) => `sunny in ${city}`,
  },
};

function bodyOf({ model, question, temperature }: Ask) {
  return { model, ...user(question), ...(temperature !== undefined && { temperature }) };
}

async function text(client: OpenAI, ask: Ask): Promise<string> {
  const answer = await client.chat.completions.create(bodyOf(ask));
  return answer.choices[0]?.message.content ?? "";
}

async function streaming(client: OpenAI, ask: Ask): Promise<string[]> {
  const pieces: string[] = [];
  const stream = client.chat.completions.stream(bodyOf(ask));
  stream.on("content", (piece) => pieces.push(piece));
  await stream.finalChatCompletion();
  return pieces;
}

async function tools(client: OpenAI, ask: Ask): Promise<string> {
  const runner = client.chat.completions.runTools({ ...bodyOf(ask), tools: [runnable] });
  return (await runner.finalContent()) ?? "";
}

async function streamedTools(client: OpenAI, ask: Ask): Promise<string> {
  const runner = client.chat.completions.runTools({ ...bodyOf(ask), tools: [runnable], stream: true });
  return (await runner.finalContent()) ?? "";
}

async function structured(client: OpenAI, ask: Ask): Promise<unknown> {
  const answer = await client.chat.completions.parse({
    ...bodyOf(ask),
    response_format: {
      type: "json_schema",
      json_schema: { name: "place", strict: true, schema: placeSchema },
    },
  });
  return answer.choices[0]?.message.parsed;
}

async function reasoning(client: OpenAI, ask: Ask): Promise<{ reasoning: string; text: string }> {
  const said = { reasoning: "", text: "" };
  for await (const { choices } of await client.chat.completions.create({ ...bodyOf(ask), stream: true })) {
    const delta: { content?: string | null; reasoning_content?: string } = choices[0]?.delta ?? {};
    said.reasoning += delta.reasoning_content ?? "";
    said.text += delta.content ?? "";
  }
  return said;
}

async function abort(client: OpenAI, ask: Ask): Promise<void> {
  for await (const { choices } of await client.chat.completions.create({ ...bodyOf(ask), stream: true })) {
    if (choices[0]?.delta.content === "two ") break;
  }
}
