import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
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
import { describe, expect, test } from "bun:test";
import { describeBlackBox } from "../../../support/prerequisites.ts";
import { answers, kinds, placeFormat, questions, serveFourAgents, weatherCall } from "./four-agents.ts";

interface Place {
  location: string;
}

/** The two providers of the AI SDK that people point at such a server. */
const providers: Record<
  string,
  (baseURL: string, model: string, headers?: Record<string, string>) => LanguageModel
> = {
  "openai-compatible": (baseURL, model, headers = {}) =>
    createOpenAICompatible({ name: "agents", baseURL, headers, supportsStructuredOutputs: true })(model),
  openai: (baseURL, model, headers = {}) => createOpenAI({ baseURL, apiKey: "unused", headers }).chat(model),
};

const hello = answers.hello.join("");

function weatherTool(called: unknown[]) {
  return tool({
    description: "Tells the weather.",
    inputSchema: jsonSchema<Place>({
      type: "object",
      properties: { location: { type: "string" } },
      required: ["location"],
      additionalProperties: false,
    }),
    execute: (input) => {
      called.push(input);
      return "sunny";
    },
  });
}

describeBlackBox("Agents and the AI SDK", () => {
  const { url } = serveFourAgents();

  for (const [provider, connect] of Object.entries(providers)) {
    for (const kind of kinds) {
      describe(`${provider}, ${kind}`, () => {
        test("generateText answers", async () => {
          const { text, finishReason, usage } = await generateText({
            model: connect(url(), kind),
            prompt: questions.hello,
            maxRetries: 0,
          });

          expect({ text, finishReason }).toEqual({ text: hello, finishReason: "stop" });
          expect(usage.totalTokens).toBeGreaterThan(0);
        });

        test("streamText streams", async () => {
          const result = streamText({ model: connect(url(), kind), prompt: questions.hello, maxRetries: 0 });

          const texts: string[] = [];
          for await (const text of result.textStream) texts.push(text);

          expect(texts.filter((text) => text !== "")).toEqual([...answers.hello]);
          expect(await result.finishReason).toBe("stop");
        });

        test("generateText runs the client's tool in steps", async () => {
          const called: unknown[] = [];

          const { text, steps } = await generateText({
            model: connect(url(), kind),
            prompt: questions.weather,
            tools: { get_weather: weatherTool(called) },
            stopWhen: isStepCount(3),
            maxRetries: 0,
          });

          expect(called).toEqual([weatherCall.arguments]);
          expect(text).toBe(answers.weather("sunny"));
          expect(steps).toHaveLength(2);
        });

        test("streamText runs the client's tool in steps", async () => {
          const called: unknown[] = [];

          const result = streamText({
            model: connect(url(), kind),
            prompt: questions.weather,
            tools: { get_weather: weatherTool(called) },
            stopWhen: isStepCount(3),
            maxRetries: 0,
          });
          const text = await result.text;

          expect(called).toEqual([weatherCall.arguments]);
          expect(text).toBe(answers.weather("sunny"));
        });

        test("several turns with their whole history", async () => {
          const messages: ModelMessage[] = [{ role: "user", content: questions.name }];
          const first = await generateText({ model: connect(url(), kind), messages, maxRetries: 0 });

          const { text } = await generateText({
            model: connect(url(), kind),
            messages: [...messages, ...first.response.messages, { role: "user", content: questions.askName }],
            maxRetries: 0,
          });

          expect(text).toBe(answers.askName);
        });

        test("several turns that the server remembers", async () => {
          const headers = { "X-Conversation-Id": `ai-sdk-${crypto.randomUUID()}` };
          await generateText({ model: connect(url(), kind, headers), prompt: questions.name, maxRetries: 0 });

          const { text } = await generateText({
            model: connect(url(), kind, headers),
            prompt: questions.askName,
            maxRetries: 0,
          });

          expect(text).toBe(answers.askName);
        });

        test("an object by its schema", async () => {
          const { output } = await generateText({
            model: connect(url(), kind),
            prompt: questions.place,
            output: Output.object({ schema: jsonSchema<{ city: string }>(placeFormat.schema) }),
            maxRetries: 0,
          });

          expect(output).toEqual(JSON.parse(answers.place));
        });
      });
    }
  }
});
