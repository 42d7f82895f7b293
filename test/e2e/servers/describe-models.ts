import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../../support/clients/node.ts";
import { type PythonClient, pythonGenerations, startPython } from "../../support/clients/python.ts";
import { type Gateway, runBinary, startGateway } from "../../support/harness.ts";

/** A server under test, while it runs. */
export interface RunningServer {
  endpoint: string;
  /** Resolves once the server has seen a client cancel a call; absent where it cannot be seen. */
  cancelled?: () => Promise<unknown>;
  close(): Promise<void>;
}

export interface ServedModel {
  /** The server's name of it. */
  name: string;
  /** The dialect that has to be found. */
  dialect: string;
  /** Answers come whole. */
  isWhole?: boolean;
  /** The server does not tell the model that a client has gone. */
  isDeaf?: boolean;
  /** It writes what a schema asks for by itself. */
  isConstrained?: boolean;
  /** Its answers do not tell whether a limit ended them. */
  isSilentOnLength?: boolean;
  /** It has to be told what no probe can find out, so that its trial fails there. */
  isUntold?: boolean;
  /** Further settings of the model. */
  settings?: Readonly<Record<string, unknown>>;
}

export interface ServerUnderTest {
  start(): Promise<RunningServer>;
  /** The server cannot list its models: the configuration has to name them. */
  isNamed?: boolean;
  models: readonly ServedModel[];
}

const pangram = "The quick brown fox jumps over the lazy dog.";
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const tools = [{ type: "function" as const, function: { name: "forecast", parameters } }];
const responseFormat = {
  type: "json_schema" as const,
  json_schema: { name: "place", strict: true, schema: parameters },
};
const call = '<tool_call>\n{"name": "forecast", "arguments": {"city": "Łódź"}}\n</tool_call>';

const reply = (directive: object) => [
  { role: "user" as const, content: `Please.\n@reply ${JSON.stringify(directive)}` },
];
const plain = [{ role: "user" as const, content: "Say something." }];

/**
 * What every model of every server does through the executable and the official clients: text, streams, tool calls,
 * JSON schemas, several answers, stop texts, cancellation, and a probe.
 */
export function describeModels(name: string, server: ServerUnderTest): void {
  describe(name, () => {
    let running: RunningServer;
    let gateway: Gateway;
    const python = new Map<string, PythonClient>();
    beforeAll(async () => {
      running = await server.start();
      gateway = await startGateway({ config: configOf(server, running.endpoint) });
      for (const generation of pythonGenerations) python.set(generation, await startPython(generation));
    }, 30_000);
    afterAll(async () => {
      for (const client of python.values()) await client.stop();
      await gateway.stop();
      await running.close();
    });

    for (const model of server.models) {
      describe(model.name, () => {
        for (const { name: client, connect } of nodeGenerations) {
          const completions = () => connect(`${gateway.url}/v1`).chat.completions;
          describe(client, () => {
            test("text, and what it cost", async () => {
              const answer = await completions().create({ model: model.name, messages: plain });

              expect(answer.choices[0]?.message.content).toBe(pangram);
              expect(answer.choices[0]?.finish_reason).toBe("stop");
              expect(answer.usage?.completion_tokens).toBeGreaterThan(8);
              expect(answer.usage?.prompt_tokens).toBeGreaterThan(2);
            });

            test("text as it comes", async () => {
              const stream = completions().stream({ model: model.name, messages: plain });
              let deltas = 0;
              stream.on("content.delta", () => deltas++);
              const answer = await stream.finalChatCompletion();

              expect(answer.choices[0]?.message.content).toBe(pangram);
              if (model.isWhole !== true) expect(deltas).toBeGreaterThan(5);
            });

            test("characters that are cut between messages", async () => {
              const text = "Zażółć 👩‍🚀 世界";
              const messages = reply({ text, split_bytes: true });

              expect(await completions().stream({ model: model.name, messages }).finalContent()).toBe(text);
            });

            test("a limit of tokens", async () => {
              const answer = await completions().create({
                model: model.name,
                messages: plain,
                max_tokens: 3,
              });

              if (model.isSilentOnLength !== true) expect(answer.choices[0]?.finish_reason).toBe("length");
              expect(pangram.startsWith(answer.choices[0]?.message.content ?? "?")).toBe(true);
              if (model.isWhole !== true) expect(answer.usage?.completion_tokens).toBe(3);
            });

            test("a stop text", async () => {
              const answer = await completions().create({
                model: model.name,
                messages: plain,
                stop: [" over"],
              });

              expect(answer.choices[0]?.message.content?.trimEnd()).toBe("The quick brown fox jumps");
              expect(answer.choices[0]?.finish_reason).toBe("stop");
            });

            test("what follows a short prompt, and not the prompt", async () => {
              const { completions: legacy } = connect(`${gateway.url}/v1`);
              const answer = await legacy.create({ model: model.name, prompt: "Hello", max_tokens: 64 });

              expect(answer.choices[0]?.text).toBe(pangram);
            });

            test("two answers", async () => {
              const answer = await completions().create({ model: model.name, messages: plain, n: 2 });

              expect(answer.choices.map(({ index, message }) => [index, message.content])).toEqual([
                [0, pangram],
                [1, pangram],
              ]);
            });

            test("a tool call", async () => {
              const messages = reply({ text: call });
              const answer = await completions()
                .stream({ model: model.name, messages, tools })
                .finalChatCompletion();

              const [made] = answer.choices[0]?.message.tool_calls ?? [];
              expect(made).toMatchObject({ type: "function", function: { name: "forecast" } });
              expect(made?.type === "function" && JSON.parse(made.function.arguments)).toEqual({
                city: "Łódź",
              });
              expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
            });

            test("a JSON schema, at the second try if need be", async () => {
              const repaired = reply({ text: '{"town": 1}', repair: { text: '{"city": "Paris"}' } });
              const messages = model.isConstrained === true ? plain : repaired;
              const answer = await completions().create({
                model: model.name,
                messages,
                response_format: responseFormat,
              });

              expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual({
                city: expect.any(String),
              });
            });

            if (model.isWhole !== true && model.isDeaf !== true)
              test("an abort reaches the server", async () => {
                if (running.cancelled === undefined) return;
                const cancelled = running.cancelled();
                const stream = await completions().create({
                  model: model.name,
                  messages: reply({ text: "one two", hang: true }),
                  stream: true,
                });
                for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
                stream.controller.abort();

                await cancelled;
              });
          });
        }

        for (const generation of pythonGenerations) {
          test(`openai-python ${generation}: text, tools, JSON`, async () => {
            const client = python.get(generation);
            const run = (more: object) =>
              client?.run<Answer>({
                baseUrl: `${gateway.url}/v1`,
                call: "chat.completions.create",
                arguments: { model: model.name, messages: plain, ...more },
              });

            const text = await run({});
            const tool = await run({ messages: reply({ text: call }), tools });
            const json = await run({
              messages: reply({ text: '{"city": "Paris"}' }),
              response_format: responseFormat,
            });

            expect(text?.choices[0]?.message.content).toBe(pangram);
            expect(tool?.choices[0]?.message.tool_calls?.[0]?.function.name).toBe("forecast");
            expect(JSON.parse(json?.choices[0]?.message.content ?? "")).toEqual({ city: expect.any(String) });
          });
        }

        test("a probe", async () => {
          const probed = await runBinary(["probe", running.endpoint, "--model", model.name]);

          expect(probed.stdout).toContain(model.name);
          expect(probed.stdout).toContain(model.dialect);
          expect(probed.code).toBe(model.isUntold === true ? 1 : 0);
        });
      });
    }
  });
}

interface Answer {
  choices: { message: { content: string | null; tool_calls?: { function: { name: string } }[] } }[];
}

function configOf({ models, isNamed }: ServerUnderTest, endpoint: string) {
  const isSet = isNamed === true || models.some(({ settings }) => settings !== undefined);
  return {
    backends: { server: { kind: "kserve", endpoint, template: "chatml" } },
    ...(isSet
      ? {
          models: Object.fromEntries(
            models.map(({ name, settings }) => [name, { backend: "server", ...settings }]),
          ),
        }
      : {}),
  };
}
