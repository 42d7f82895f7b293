import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import type { Message, MessageParam } from "@anthropic-ai/sdk/resources/messages";
import { forecast, placeSchema } from "./bed.ts";
import type { Ask, Driver } from "./driver.ts";

/** `@anthropic-ai/sdk` on messages, with its helpers: `stream`, `toolRunner`, `parse`. */
export function anthropicMessages(): Driver {
  return {
    text: async (ask) => textOf(await clientOf(ask).messages.create(bodyOf(ask))),
    streaming,
    tools: (ask) => tools(ask, false),
    streamedTools: (ask) => tools(ask, true),
    structured,
    reasoning,
    abort,
    conversations: { "its own history": converse },
    errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
  };
}

const runnable = betaTool({
  name: forecast.name,
  description: "Weather to come.",
  inputSchema: placeSchema,
  run: ({ city }) => `sunny in ${String(city)}`,
});

function clientOf({ baseUrl }: Ask): Anthropic {
  return new Anthropic({ baseURL: baseUrl.replace(/\/v1$/, ""), apiKey: "unused", maxRetries: 0 });
}

function bodyOf({ model, question, temperature }: Ask) {
  const messages: MessageParam[] = [{ role: "user", content: question }];
  return { model, max_tokens: 1_000, messages, ...(temperature !== undefined && { temperature }) };
}

function textOf({ content }: Pick<Message, "content">): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

async function streaming(ask: Ask): Promise<string[]> {
  const pieces: string[] = [];
  const stream = clientOf(ask).messages.stream(bodyOf(ask));
  stream.on("text", (piece) => pieces.push(piece));
  await stream.finalMessage();
  return pieces;
}

async function tools(ask: Ask, stream: boolean): Promise<string> {
  const { messages: _, ...body } = bodyOf(ask);
  const runner = clientOf(ask).beta.messages.toolRunner({
    ...body,
    messages: [{ role: "user", content: ask.question }],
    tools: [runnable],
    stream,
  });
  const { content } = await runner.runUntilDone();
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

async function structured(ask: Ask): Promise<unknown> {
  const answer = await clientOf(ask).messages.parse({
    ...bodyOf(ask),
    output_config: { format: jsonSchemaOutputFormat(placeSchema) },
  });
  return answer.parsed_output;
}

async function reasoning(ask: Ask): Promise<{ reasoning: string; text: string }> {
  const said = { reasoning: "", text: "" };
  const stream = clientOf(ask).messages.stream({ ...bodyOf(ask), thinking: { type: "adaptive" } });
  stream.on("thinking", (piece) => (said.reasoning += piece));
  stream.on("text", (piece) => (said.text += piece));
  await stream.finalMessage();
  return said;
}

async function abort(ask: Ask): Promise<void> {
  for await (const event of await clientOf(ask).messages.create({ ...bodyOf(ask), stream: true })) {
    if (
      event.type === "content_block_delta" &&
      event.delta.type === "text_delta" &&
      event.delta.text === "two "
    )
      break;
  }
}

async function converse(ask: Ask, next: string): Promise<string> {
  const client = clientOf(ask);
  const { messages, ...body } = bodyOf(ask);
  const { content } = await client.messages.create({ ...body, messages });
  const second = await client.messages.create({
    ...body,
    messages: [...messages, { role: "assistant", content }, { role: "user", content: next }],
  });
  return textOf(second);
}
