import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeLangChain, startLangChain } from "../../../support/clients/langchain.ts";
import { answers, kinds, questions, serveFourAgents, weatherCall } from "./four-agents.ts";

const calls = [[weatherCall.name, weatherCall.arguments]];
const said = answers.weather("sunny in Oslo");

describeLangChain("Agents and LangChain", () => {
  const { url } = serveFourAgents();

  let langchain: ReturnType<typeof startLangChain>;
  beforeAll(async () => {
    langchain = startLangChain();
    await langchain.ready;
  }, 60_000);
  afterAll(() => langchain.stop());
  const callModel = <Value>(model: string, name: string, options: Record<string, unknown>) =>
    langchain.call<Value>(name, { base_url: url(), model, ...options });

  for (const model of kinds) {
    describe(model, () => {
      test("invoke answers", async () => {
        const answer = await callModel(model, "invoke", { question: questions.hello });

        expect(answer).toMatchObject({
          text: answers.hello.join(""),
          model,
          usage: { total_tokens: expect.any(Number) },
        });
      });

      test("stream streams, with usage", async () => {
        const answer = await callModel(model, "stream", { question: questions.hello });

        expect(answer).toMatchObject({
          texts: [...answers.hello],
          finish: "stop",
          usage: { total_tokens: expect.any(Number) },
        });
      });

      test("bind_tools gets the call of its tool, and the answer to its result", async () => {
        const answer = await callModel(model, "tools", { question: questions.weather });

        expect(answer).toEqual({ calls, text: said });
      });

      test("bind_tools gets the call out of a stream", async () => {
        expect(await callModel(model, "streamed_tools", { question: questions.weather })).toEqual({ calls });
      });

      test("an agent of LangChain works with it", async () => {
        const answer = await callModel(model, "agent", { question: questions.weather });

        expect(answer).toEqual({ text: said, kinds: ["human", "ai", "tool", "ai"] });
      });

      test("several turns with their whole history", async () => {
        const texts = await callModel<string[]>(model, "turns", {
          questions: [questions.name, questions.askName],
        });

        expect(texts.at(-1)).toBe(answers.askName);
      });

      test("several turns that the server remembers", async () => {
        const texts = await callModel<string[]>(model, "conversation", {
          questions: [questions.name, questions.askName],
          conversation_id: `langchain-${crypto.randomUUID()}`,
        });

        expect(texts.at(-1)).toBe(answers.askName);
      });

      test("with_structured_output gives the object", async () => {
        expect(await callModel(model, "structured", { question: questions.place })).toEqual(
          JSON.parse(answers.place),
        );
      });
    });
  }
});
