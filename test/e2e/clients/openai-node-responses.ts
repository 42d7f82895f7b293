import type OpenAI from "openai-node-7";
import type { NodeGeneration } from "../../support/clients/node.ts";
import { forecast, placeSchema } from "./bed.ts";
import type { Ask, Driver } from "./driver.ts";

/** openai-node on responses and conversations, with its helpers: `stream`, `parse`, `output_text`. */
export function nodeResponses({ connect }: NodeGeneration): Driver {
  const on =
    <Value>(run: (client: OpenAI, ask: Ask) => Promise<Value>) =>
    (ask: Ask) =>
      run(connect(ask.baseUrl), ask);
  const turns =
    (run: (client: OpenAI, ask: Ask, next: string) => Promise<string>) => (ask: Ask, next: string) =>
      run(connect(ask.baseUrl), ask, next);
  return {
    text: on(text),
    streaming: on(streaming),
    tools: on((client, ask) => runTools(ask, (body) => client.responses.parse(body))),
    streamedTools: on((client, ask) =>
      runTools(ask, (body) => client.responses.stream(body).finalResponse()),
    ),
    structured: on(structured),
    reasoning: on(reasoning),
    abort: on(abort),
    conversations: {
      previous_response_id: turns(chained),
      conversation: turns(inConversation),
      "items echoed, not stored": turns(echoed),
    },
    errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
  };
}

type Body = Omit<Parameters<OpenAI["responses"]["parse"]>[0], "stream">;
type Input = Exclude<NonNullable<Body["input"]>, string>;
type Answer = Awaited<ReturnType<OpenAI["responses"]["parse"]>>;

const tool = {
  type: "function" as const,
  name: forecast.name,
  description: "Weather to come.",
  parameters: placeSchema,
  strict: true,
};

function bodyOf({ model, question, temperature }: Ask) {
  return { model, input: question, ...(temperature !== undefined && { temperature }) };
}

async function text(client: OpenAI, ask: Ask): Promise<string> {
  const answer = await client.responses.create(bodyOf(ask));
  return answer.output_text;
}

async function streaming(client: OpenAI, ask: Ask): Promise<string[]> {
  const stream = client.responses.stream(bodyOf(ask));
  const pieces: string[] = [];
  stream.on("response.output_text.delta", ({ delta }) => pieces.push(delta));
  const answer = await stream.finalResponse();
  return answer.output_text === pieces.join("") ? pieces : [answer.output_text];
}

async function runTools(ask: Ask, send: (body: Body) => Promise<Answer>): Promise<string> {
  const input: Input = [{ role: "user", content: ask.question }];
  const first = await send({ model: ask.model, input, tools: [tool] });
  input.push(...echoOf(first.output));
  for (const item of first.output) {
    if (item.type !== "function_call") continue;
    const { city }: { city: string } = JSON.parse(item.arguments);
    input.push({ type: "function_call_output", call_id: item.call_id, output: `sunny in ${city}` });
  }
  return (await send({ model: ask.model, input, tools: [tool] })).output_text;
}

async function structured(client: OpenAI, ask: Ask): Promise<unknown> {
  const answer = await client.responses.parse({
    ...bodyOf(ask),
    text: { format: { type: "json_schema", name: "place", strict: true, schema: placeSchema } },
  });
  return answer.output_parsed;
}

async function reasoning(client: OpenAI, ask: Ask): Promise<{ reasoning: string; text: string }> {
  const answer = await client.responses.stream(bodyOf(ask)).finalResponse();
  const thoughts = answer.output.flatMap((item) =>
    item.type === "reasoning" ? [...item.summary, ...(item.content ?? [])] : [],
  );
  return { reasoning: thoughts.map((part) => part.text).join(""), text: answer.output_text };
}

async function abort(client: OpenAI, ask: Ask): Promise<void> {
  for await (const event of await client.responses.create({ ...bodyOf(ask), stream: true })) {
    if (event.type === "response.output_text.delta") break;
  }
}

async function chained(client: OpenAI, ask: Ask, next: string): Promise<string> {
  const first = await client.responses.create(bodyOf(ask));
  const { model } = ask;
  const second = await client.responses.create({ model, input: next, previous_response_id: first.id });
  return second.output_text;
}

async function inConversation(client: OpenAI, ask: Ask, next: string): Promise<string> {
  const { id } = await client.conversations.create({});
  await client.responses.create({ ...bodyOf(ask), conversation: id });
  const { model } = ask;
  const second = await client.responses.create({ model, input: next, conversation: { id } });
  return second.output_text;
}

async function echoed(client: OpenAI, ask: Ask, next: string): Promise<string> {
  const first = await client.responses.create({ ...bodyOf(ask), store: false });
  const input: Input = [
    { role: "user", content: ask.question },
    ...echoOf(first.output),
    { role: "user", content: next },
  ];
  const second = await client.responses.create({ model: ask.model, input, store: false });
  return second.output_text;
}

/** As users send it back. The package's types of what comes and of what goes differ in kinds that we never send. */
function echoOf(output: unknown): Input {
  return JSON.parse(JSON.stringify(output));
}
