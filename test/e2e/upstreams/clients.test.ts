import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { foldChunks } from "../../support/chat-fold.ts";
import { nodeGenerations } from "../../support/clients/node.ts";
import { pythonGenerations } from "../../support/clients/python.ts";
import type { ChatBody, ChatChunk, CompletionBody, ModelBody } from "../../support/openai-wire.ts";
import { chatText, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import type { UpstreamScript } from "../../support/upstream/upstream.ts";
import { outputOf, runPython } from "../agents/snippets.ts";
import { lastText } from "../agents/upstream-body.ts";
import { startUpstreamBed, type UpstreamBed, upstreamKey } from "./bed.ts";
import { type Sdk, sdks } from "./sdks.ts";

const model = "org/model-1";
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const forecast = { name: "forecast", description: "Weather to come.", parameters };
const tools = [{ type: "function", function: forecast }];
const format = { type: "json_schema", json_schema: { name: "place", strict: true, schema: parameters } };
const call = { name: "forecast", arguments: { city: "Oslo" } };
const token = (text: string) => ({ token: text, logprob: -0.25, bytes: [...new TextEncoder().encode(text)] });
const vectors = [
  [0.5, -1.25, 2],
  [1, 0, -0.5],
];

const script: UpstreamScript = (body, _call, { path }) => {
  if (path.endsWith("/embeddings")) {
    const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
    return { whole: { object: "list", data, usage: { prompt_tokens: 7, total_tokens: 7 } } };
  }
  if (path.endsWith("/completions") && !path.endsWith("/chat/completions")) {
    return { text: ["one ", "two"], finish: "length" };
  }
  if (body["logprobs"] === true) {
    const content = [{ ...token("Hi"), top_logprobs: [token("Hi")] }];
    return {
      chunks: [
        {
          choices: [
            { index: 0, delta: { content: "Hi" }, logprobs: { content, refusal: null }, finish_reason: null },
          ],
        },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
      ],
    };
  }
  if (lastText(body, "tool") !== "") return { text: `It is ${lastText(body, "tool")}.` };
  if (body["tools"] !== undefined) return { toolCalls: [call] };
  if (body["response_format"] !== undefined) return { text: ['{"city":', '"Oslo"}'] };
  if (lastText(body, "user") === "Think") return { reasoning: "Hm.", text: "Done" };
  return { text: ["Hello ", "wörld 😀"] };
};

describeBlackBox("The official clients, before an OpenAI-compatible upstream", () => {
  let bed: UpstreamBed;
  beforeAll(async () => {
    bed = await startUpstreamBed(script, { upstream: { models: [model, "other"] } });
  });
  afterAll(() => bed.stop());
  const asked = () => bed.upstream.calls.at(-1);

  for (const { name, start } of sdks) {
    describe(name, () => {
      let sdk: Sdk;
      beforeAll(async () => {
        sdk = await start();
      });
      afterAll(() => sdk.stop());

      const create = (body: Record<string, unknown>) =>
        sdk.value<ChatBody>({
          baseUrl: bed.url,
          call: "chat.completions.create",
          arguments: { model, ...user("Hello"), ...body },
        });
      const stream = (body: Record<string, unknown>) =>
        sdk.items<ChatChunk>({
          baseUrl: bed.url,
          call: "chat.completions.create",
          arguments: { model, ...user("Hello"), stream: true, ...body },
        });
      const helper = (body: Record<string, unknown>) =>
        sdk.final({
          baseUrl: bed.url,
          call: "chat.completions.stream",
          arguments: { model, ...user("Hello"), ...body },
        });

      test("chat, whole, with the upstream's own usage", async () => {
        const answer = await create({});

        expect(answer).toMatchObject({
          object: "chat.completion",
          model,
          choices: [{ message: { role: "assistant", content: "Hello wörld 😀" }, finish_reason: "stop" }],
          usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
        });
        expect(asked()).toMatchObject({
          path: "/v1/chat/completions",
          headers: { authorization: `Bearer ${upstreamKey}` },
          body: { model, ...user("Hello") },
        });
      });

      test("chat, streamed, without usage unless it is asked for", async () => {
        const [without, withUsage] = [
          await stream({}),
          await stream({ stream_options: { include_usage: true } }),
        ];

        for (const chunks of [without, withUsage]) expect(chatText(chunks)).toBe("Hello wörld 😀");
        expect(without.some(({ usage }) => usage != null)).toBe(false);
        expect(withUsage.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
      });

      test("the .stream() helper", async () => {
        const completion = await helper({});

        expect(completion.choices[0]).toMatchObject({
          message: { content: "Hello wörld 😀" },
          finish_reason: "stop",
        });
      });

      test("tools: the call streamed, its result answered", async () => {
        const chunks = await stream({ tools, tool_choice: "required", parallel_tool_calls: false });
        const [folded] = foldChunks(chunks, 1);
        const answer = await create({
          tools,
          messages: [
            ...user("Hello").messages,
            {
              role: "assistant",
              content: null,
              tool_calls: [
                { id: "call_1", type: "function", function: { name: "forecast", arguments: "{}" } },
              ],
            },
            { role: "tool", tool_call_id: "call_1", content: "sunny" },
          ],
        });

        expect(folded).toMatchObject({
          calls: [{ id: "call_1", type: "function", name: "forecast", text: '{"city":"Oslo"}' }],
        });
        expect(folded?.finishReasons.at(-1)).toBe("tool_calls");
        expect(bed.upstream.calls.at(-2)?.body).toMatchObject({
          tools,
          tool_choice: "required",
          parallel_tool_calls: false,
        });
        expect(answer.choices[0]?.message.content).toBe("It is sunny.");
      });

      test("tools in the .stream() helper", async () => {
        const { choices } = await helper({
          tools: [{ type: "function", function: { ...forecast, strict: true } }],
        });

        expect(choices[0]).toMatchObject({
          message: { tool_calls: [{ function: { name: "forecast", arguments: '{"city":"Oslo"}' } }] },
          finish_reason: "tool_calls",
        });
      });

      test("older functions, which the upstream gets as tools", async () => {
        const { choices } = await create({ functions: [forecast], function_call: { name: "forecast" } });

        expect(choices[0]).toMatchObject({
          message: { content: null, function_call: { name: "forecast", arguments: '{"city":"Oslo"}' } },
          finish_reason: "function_call",
        });
        expect(asked()?.body).toMatchObject({
          tools,
          tool_choice: { type: "function", function: { name: "forecast" } },
        });
      });

      test("response_format, whole and in the helper", async () => {
        const [whole, helped] = [
          await create({ response_format: format }),
          await helper({ response_format: format }),
        ];

        for (const { choices } of [whole, helped])
          expect(choices[0]?.message.content).toBe('{"city":"Oslo"}');
        expect(asked()?.body).toMatchObject({ response_format: format });
      });

      test("n: 2 is two calls of a server that nothing is known of", async () => {
        const before = bed.upstream.calls.length;

        const { choices, usage } = await create({ n: 2 });

        expect(choices.map(({ message }) => message.content)).toEqual(["Hello wörld 😀", "Hello wörld 😀"]);
        expect(usage).toMatchObject({ completion_tokens: 6 });
        expect(bed.upstream.calls.length - before).toBe(2);
      });

      test("logprobs, whole and streamed", async () => {
        const asking = { logprobs: true, top_logprobs: 1 };

        const [whole, chunks] = [await create(asking), await stream(asking)];

        const expected = { content: [{ ...token("Hi"), top_logprobs: [token("Hi")] }] };
        expect(whole.choices[0]).toMatchObject({ message: { content: "Hi" }, logprobs: expected });
        expect(chunks.flatMap(({ choices }) => choices)).toContainEqual(
          expect.objectContaining({ logprobs: expect.objectContaining(expected) }),
        );
        expect(asked()?.body).toMatchObject(asking);
      });

      test("an image is passed on as it is", async () => {
        const content = [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: "https://images.example/a.png", detail: "low" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
        ];

        await create({ messages: [{ role: "user", content }] });

        expect(asked()?.body).toMatchObject({ messages: [{ role: "user", content }] });
      });

      test("reasoning comes as reasoning_content", async () => {
        const chunks = await stream(user("Think"));

        expect(foldChunks(chunks, 1)[0]).toMatchObject({ reasoning: "Hm.", content: "Done" });
      });

      test("completions, whole and streamed", async () => {
        const legacy = {
          baseUrl: bed.url,
          call: "completions.create" as const,
          arguments: { model, prompt: "Count", suffix: "!", max_tokens: 2 },
        };

        const whole = await sdk.value<CompletionBody>(legacy);
        const chunks = await sdk.items<CompletionBody>({
          ...legacy,
          arguments: { ...legacy.arguments, stream: true },
        });

        expect(whole.choices[0]).toMatchObject({ text: "one two", finish_reason: "length" });
        expect(chunks.map(({ choices }) => choices[0]?.text).join("")).toBe("one two");
        expect(asked()).toMatchObject({
          path: "/v1/completions",
          body: { prompt: "Count", suffix: "!", max_tokens: 2 },
        });
      });

      for (const encoding of [undefined, "float"]) {
        test(`embeddings in ${encoding ?? "the package's own default"}`, async () => {
          const { data, usage } = await sdk.value<{ data: { embedding: number[] }[]; usage: unknown }>({
            baseUrl: bed.url,
            call: "embeddings.create",
            arguments: {
              model,
              input: ["a", "b"],
              dimensions: 3,
              ...(encoding === undefined ? {} : { encoding_format: encoding }),
            },
          });

          expect(data.map(({ embedding }) => embedding)).toEqual(vectors);
          expect(usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
          expect(asked()?.body).toEqual({ model, input: ["a", "b"], dimensions: 3 });
        });
      }

      test("models: the list, and one with a slash in its name", async () => {
        const list = await sdk.items<ModelBody>({ baseUrl: bed.url, call: "models.list" });
        const one = await sdk.value<ModelBody>({
          baseUrl: bed.url,
          call: "models.retrieve",
          arguments: { model },
        });

        expect(list.map(({ id }) => id)).toEqual([model, "other"]);
        expect(one).toMatchObject({ id: model, object: "model", owned_by: "upstream" });
      });
    });
  }

  for (const { name, connect } of nodeGenerations) {
    test(`${name}: .parse() gives what the schema says`, async () => {
      const completion = await connect(bed.url).chat.completions.parse({
        model,
        messages: [{ role: "user", content: "Where?" }],
        tools: [
          {
            type: "function",
            function: { name: "forecast", parameters, strict: true },
          },
        ],
      });

      const [parsed] = completion.choices[0]?.message.tool_calls ?? [];
      expect(parsed).toMatchObject({ function: { parsed_arguments: { city: "Oslo" } } });
    });
  }

  for (const generation of pythonGenerations) {
    test(`openai-python ${generation}: .parse() and .stream() give an object of the class`, async () => {
      const output = await outputOf(runPython(pydantic, bed.gateway.port, `openai-${generation}`));

      expect(output.trim().split("\n")).toEqual(["Place Oslo", "Place Oslo"]);
    });
  }
});

const pydantic = `
from openai import OpenAI
from pydantic import BaseModel

class Place(BaseModel):
    city: str

client = OpenAI(base_url="http://localhost:8080/v1", api_key="unused")
asked = {"model": "${model}", "messages": [{"role": "user", "content": "Where?"}], "response_format": Place}
parsed = client.chat.completions.parse(**asked).choices[0].message.parsed
print(type(parsed).__name__, parsed.city)
with client.chat.completions.stream(**asked) as stream:
    parsed = stream.get_final_completion().choices[0].message.parsed
print(type(parsed).__name__, parsed.city)
`;
