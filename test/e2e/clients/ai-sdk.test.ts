import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { aiSdkConversations, aiSdkDriver } from "./ai-sdk.ts";
import { serveClients } from "./bed.ts";
import { describeClient } from "./scenarios.ts";

/** The provider that people get without choosing one: it asks `/responses`. */
const openai = (baseURL: string, model: string): LanguageModel =>
  createOpenAI({ baseURL, apiKey: "unused" })(model);
const compatible = (baseURL: string, model: string): LanguageModel =>
  createOpenAICompatible({ name: "ours", baseURL, supportsStructuredOutputs: true })(model);

describeBlackBox("The AI SDK", () => {
  const bed = serveClients();

  describeClient(bed, { client: "ai-sdk-compatible", surface: "chat", driver: aiSdkDriver(compatible) });
  describeClient(bed, {
    client: "ai-sdk",
    surface: "responses",
    driver: { ...aiSdkDriver(openai), conversations: aiSdkConversations(openai) },
  });
});
