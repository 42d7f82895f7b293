import {
  Agent,
  OpenAIConversationsSession,
  OpenAIProvider,
  type RunRawModelStreamEvent,
  Runner,
  tool,
} from "@openai/agents";
import { z } from "zod";
import { forecast } from "./bed.ts";
import type { Ask, Driver } from "./driver.ts";

/** The OpenAI Agents SDK for JavaScript, over responses unless told otherwise. */
export function agentsSdkDriver({ useResponses }: { useResponses: boolean }): Driver {
  const runnerOf = ({ baseUrl }: Ask) =>
    new Runner({
      modelProvider: new OpenAIProvider({ baseURL: baseUrl, apiKey: "unused", useResponses }),
      // Traces would go to api.openai.com.
      tracingDisabled: true,
    });
  const stream = (agent: Agent, ask: Ask, signal?: AbortSignal) =>
    runnerOf(ask).run(agent, ask.question, { stream: true, ...(signal !== undefined && { signal }) });

  const conversations = conversationsOf(runnerOf);

  return {
    text: async (ask) => textOf(await runnerOf(ask).run(helper(ask), ask.question)),
    async streaming(ask) {
      const result = await stream(helper(ask), ask);
      const pieces: string[] = [];
      for await (const event of result) {
        if (event.type === "raw_model_stream_event") pieces.push(...deltaOf(event));
      }
      await result.completed;
      return pieces;
    },
    tools: async (ask) => textOf(await runnerOf(ask).run(forecaster(ask), ask.question)),
    async streamedTools(ask) {
      const result = await stream(forecaster(ask), ask);
      await result.completed;
      return textOf(result);
    },
    async handoff(ask) {
      const weather = new Agent({
        ...settingsOf(ask),
        name: "weather",
        instructions: "You know the weather.",
      });
      const triage = new Agent({ ...settingsOf(ask), name: "triage", handoffs: [weather] });
      const result = await runnerOf(ask).run(triage, ask.question);
      return { agent: result.lastAgent?.name ?? "", text: textOf(result) };
    },
    async structured(ask) {
      const agent = new Agent({
        ...settingsOf(ask),
        name: "places",
        outputType: z.object({ city: z.string() }),
      });
      return (await runnerOf(ask).run(agent, ask.question)).finalOutput;
    },
    async abort(ask) {
      const leaving = new AbortController();
      const result = await stream(helper(ask), ask, leaving.signal);
      for await (const event of result) {
        if (event.type === "raw_model_stream_event" && deltaOf(event).length > 0) leaving.abort();
      }
    },
    reasoning: async (ask) => {
      const result = await runnerOf(ask).run(helper(ask), ask.question);
      return {
        reasoning: JSON.stringify(result.newItems.map(({ rawItem }) => rawItem)),
        text: textOf(result),
      };
    },
    ...(useResponses && { conversations, toolConversations: conversations }),
    errors: { unknownModel: "NotFoundError", badValue: "BadRequestError", midStream: "APIError" },
  };
}

function conversationsOf(runnerOf: (ask: Ask) => Runner): NonNullable<Driver["conversations"]> {
  return {
    async previousResponseId(ask, next) {
      const { lastResponseId } = await runnerOf(ask).run(forecaster(ask), ask.question);
      const before = lastResponseId === undefined ? {} : { previousResponseId: lastResponseId };
      return textOf(await runnerOf(ask).run(forecaster(ask), next, before));
    },
    async OpenAIConversationsSession(ask, next) {
      const session = new OpenAIConversationsSession({ baseURL: ask.baseUrl, apiKey: "unused" });
      await runnerOf(ask).run(forecaster(ask), ask.question, { session });
      return textOf(await runnerOf(ask).run(forecaster(ask), next, { session }));
    },
    async "the history of its result"(ask, next) {
      const { history } = await runnerOf(ask).run(forecaster(ask), ask.question);
      return textOf(await runnerOf(ask).run(forecaster(ask), [...history, { role: "user", content: next }]));
    },
  };
}

const forecastTool = tool({
  name: forecast.name,
  description: "Weather to come.",
  parameters: z.object({ city: z.string() }),
  execute: ({ city }) => `sunny in ${city}`,
});

function settingsOf({ model, temperature }: Ask) {
  return { model, modelSettings: temperature === undefined ? {} : { temperature } };
}

function helper(ask: Ask): Agent {
  return new Agent({ ...settingsOf(ask), name: "helper", instructions: "Help." });
}

function forecaster(ask: Ask): Agent {
  return new Agent({ ...settingsOf(ask), name: "forecaster", tools: [forecastTool] });
}

function textOf({ finalOutput }: { finalOutput?: unknown }): string {
  return String(finalOutput);
}

function deltaOf({ data }: RunRawModelStreamEvent): string[] {
  return data.type === "output_text_delta" ? [data.delta] : [];
}
