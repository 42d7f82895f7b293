import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  Output,
  streamText,
  tool,
} from "ai";
import { forecast, placeSchema } from "./bed.ts";
import type { Ask, Driver } from "./driver.ts";

export type Connect = (baseUrl: string, model: string) => LanguageModel;

/** The AI SDK's functions over a provider; they are the same for all of them. */
export function aiSdkDriver(connect: Connect): Driver {
  const settingsOf = ({ baseUrl, model, question, temperature }: Ask) => ({
    model: connect(baseUrl, model),
    prompt: question,
    maxRetries: 0,
    ...(temperature !== undefined && { temperature }),
  });

  return {
    text: async (ask) => (await generateText(settingsOf(ask))).text,
    async streaming(ask) {
      const pieces: string[] = [];
      for await (const part of streamOf(settingsOf(ask)))
        if (part.type === "text-delta") pieces.push(part.text);
      return pieces;
    },
    tools: async (ask) => (await generateText({ ...settingsOf(ask), ...inSteps })).text,
    streamedTools: async (ask) => streamText({ ...settingsOf(ask), ...inSteps }).text,
    async structured(ask) {
      const schema = jsonSchema<{ city: string }>(placeSchema);
      const { output } = await generateText({ ...settingsOf(ask), output: Output.object({ schema }) });
      return output;
    },
    async reasoning(ask) {
      const said = { reasoning: "", text: "" };
      for await (const part of streamOf(settingsOf(ask))) {
        if (part.type === "reasoning-delta") said.reasoning += part.text;
        if (part.type === "text-delta") said.text += part.text;
      }
      return said;
    },
    async abort(ask) {
      const abort = new AbortController();
      const stream = streamOf({ ...settingsOf(ask), abortSignal: abort.signal });
      for await (const part of stream) if (part.type === "text-delta") abort.abort();
    },
    errors: { unknownModel: "APICallError", badValue: "APICallError", midStream: "StreamProviderError" },
  };
}

/** How the default provider is told what was said before. */
export function aiSdkConversations(connect: Connect): NonNullable<Driver["conversations"]> {
  const say = ({ baseUrl, model }: Ask, prompt: string | ModelMessage[], openai: Record<string, string>) =>
    generateText({ model: connect(baseUrl, model), prompt, maxRetries: 0, providerOptions: { openai } });

  return {
    async "the messages of its answer"(ask, next) {
      const messages: ModelMessage[] = [{ role: "user", content: ask.question }];
      const { response } = await say(ask, messages, {});
      return (await say(ask, [...messages, ...response.messages, { role: "user", content: next }], {})).text;
    },
    async previousResponseId(ask, next) {
      const { response } = await say(ask, ask.question, {});
      return (await say(ask, next, { previousResponseId: response.id })).text;
    },
  };
}

const inSteps = {
  tools: {
    [forecast.name]: tool({
      description: "Weather to come.",
      inputSchema: jsonSchema<{ city: string }>(placeSchema),
      execute: ({ city }) => `sunny in ${city}`,
    }),
  },
  stopWhen: isStepCount(3),
};

/** All parts; a failure, which the SDK gives as one of them, is thrown. */
async function* streamOf(settings: Parameters<typeof streamText>[0]) {
  for await (const part of streamText({ ...settings, onError: () => {} }).fullStream) {
    if (part.type === "error") throw part.error;
    yield part;
  }
}
