import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../../../support/clients/python.ts";
import { chatText, type ChatBody, type ChatChunk, user } from "../../../support/openai-wire.ts";
import { describeBlackBox } from "../../../support/prerequisites.ts";
import { answers, kinds, placeFormat, questions, serveFourAgents, weatherCall } from "./four-agents.ts";

const tool = {
  type: "function" as const,
  function: {
    name: weatherCall.name,
    parameters: {
      type: "object",
      properties: { location: { type: "string" } },
      required: ["location"],
      additionalProperties: false,
    },
    strict: true,
  },
};
const response_format = { type: "json_schema" as const, json_schema: placeFormat };
const hello = answers.hello.join("");

describeBlackBox("Agents and the official clients", () => {
  const { url } = serveFourAgents();

  for (const { name, connect } of nodeGenerations) {
    for (const model of kinds) {
      describe(`${name}, ${model}`, () => {
        test("answers", async () => {
          const answer = await connect(url()).chat.completions.create({ model, ...user(questions.hello) });

          expect(answer.choices[0]?.message.content).toBe(hello);
          expect(answer.usage?.total_tokens).toBeGreaterThan(0);
        });

        test("streams", async () => {
          const stream = connect(url()).chat.completions.stream({
            model,
            ...user(questions.hello),
            stream_options: { include_usage: true },
          });
          const texts: string[] = [];
          stream.on("content", (text) => texts.push(text));
          const final = await stream.finalChatCompletion();

          expect(texts).toEqual([...answers.hello]);
          expect(final.choices[0]).toMatchObject({ message: { content: hello }, finish_reason: "stop" });
          expect(final.usage?.total_tokens).toBeGreaterThan(0);
        });

        for (const stream of [false, true]) {
          test(`runTools calls the client's tool and gets the answer, stream ${stream}`, async () => {
            const called: unknown[] = [];
            const tools = [
              {
                type: "function" as const,
                function: {
                  ...tool.function,
                  description: "Tells the weather.",
                  parse: JSON.parse,
                  function: (given: unknown) => {
                    called.push(given);
                    return "sunny";
                  },
                },
              },
            ];
            const { completions } = connect(url()).chat;

            const text = stream
              ? await completions
                  .runTools({ model, ...user(questions.weather), tools, stream })
                  .finalContent()
              : await completions.runTools({ model, ...user(questions.weather), tools }).finalContent();

            expect(called).toEqual([weatherCall.arguments]);
            expect(text).toBe(answers.weather("sunny"));
          });
        }

        test("gives structured output", async () => {
          const answer = await connect(url()).chat.completions.parse({
            model,
            ...user(questions.place),
            response_format,
          });

          expect(answer.choices[0]?.message.parsed).toEqual(JSON.parse(answers.place));
        });

        test("remembers a conversation", async () => {
          const conversation_id = `node-${crypto.randomUUID()}`;
          const say = (text: string) =>
            connect(url()).chat.completions.create(
              { model, ...user(text) },
              { headers: { "X-Conversation-Id": conversation_id } },
            );

          await say(questions.name);
          const answer = await say(questions.askName);

          expect(answer).toMatchObject({
            conversation_id,
            choices: [{ message: { content: answers.askName } }],
          });
        });
      });
    }

    test(`${name}: a tool of the agent runs on the server, beside one of the client`, async () => {
      const answer = await connect(url()).chat.completions.create({
        model: "declarative",
        ...user("Look it up"),
        tools: [tool],
      });

      expect(answer.choices[0]?.message).toMatchObject({ content: "Found: what it is" });
      expect(answer.choices[0]?.message.tool_calls).toBeUndefined();
    });

    test(`${name}: a team's member does its part`, async () => {
      const answer = await connect(url()).chat.completions.create({ model: "team", ...user("Ask around") });

      expect(answer).toMatchObject({
        choices: [{ message: { content: answers.weather(hello) } }],
        metadata: { agents_used: ["function"], iterations: 2 },
      });
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());
      const create = <Value = ChatBody>(body: Record<string, unknown>, mode: "value" | "items" = "value") =>
        python.run<Value>({ baseUrl: url(), call: "chat.completions.create", arguments: body, mode });

      for (const model of kinds) {
        test(`${model} answers`, async () => {
          const answer = await create({ model, ...user(questions.hello) });

          expect(answer.choices[0]?.message.content).toBe(hello);
        });

        test(`${model} streams`, async () => {
          const chunks = await create<ChatChunk[]>(
            { model, ...user(questions.hello), stream: true },
            "items",
          );

          expect(chatText(chunks)).toBe(hello);
          expect(chunks.length).toBeGreaterThan(answers.hello.length);
        });

        test(`${model}: a call of the client's tool streams, its result is the next turn`, async () => {
          const { final } = await python.run<{ final: ChatBody }>({
            baseUrl: url(),
            call: "chat.completions.stream",
            arguments: { model, ...user(questions.weather), tools: [tool] },
            mode: "helper",
          });
          const message = final.choices[0]?.message;
          const call = message?.tool_calls?.[0];

          const answer = await create({
            model,
            messages: [
              ...user(questions.weather).messages,
              { role: "assistant", content: null, tool_calls: message?.tool_calls?.map(withoutParsed) },
              { role: "tool", tool_call_id: call?.id, content: "sunny" },
            ],
            tools: [tool],
          });

          expect(JSON.parse(call?.function.arguments ?? "")).toEqual(weatherCall.arguments);
          expect(answer.choices[0]?.message.content).toBe(answers.weather("sunny"));
        });

        test(`${model} gives structured output`, async () => {
          const answer = await create({ model, ...user(questions.place), response_format });

          expect(answer.choices[0]?.message.content).toBe(answers.place);
        });

        test(`${model} remembers a conversation`, async () => {
          const extra_body = { conversation_id: `python-${crypto.randomUUID()}` };

          await create({ model, ...user(questions.name), extra_body });
          const answer = await create({ model, ...user(questions.askName), extra_body });

          expect(answer.choices[0]?.message.content).toBe(answers.askName);
          expect(answer).toMatchObject(extra_body);
        });
      }
    });
  }
});

/** As the API takes it back: the client's helper adds what it has parsed. */
function withoutParsed({
  id,
  type,
  function: { name, arguments: json },
}: {
  id: string;
  type: string;
  function: { name: string; arguments: string };
}) {
  return { id, type, function: { name, arguments: json } };
}
