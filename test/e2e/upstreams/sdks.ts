import { nodeGenerations, type NodeGeneration } from "../../support/clients/node.ts";
import { pythonGenerations, startPython } from "../../support/clients/python.ts";
import type { ChatBody } from "../../support/openai-wire.ts";

/** An official client that runs. What it gives is JSON; what it throws, `failureOf` reads. */
export interface Sdk {
  /** The one object that a call gives. */
  value<Value>(call: SdkCall): Promise<Value>;
  /** All that a stream or a list gives. */
  items<Item>(call: SdkCall): Promise<Item[]>;
  /** What the `.stream()` helper puts together. */
  final(call: SdkCall): Promise<ChatBody>;
  stop(): Promise<void>;
}

export interface SdkCall {
  baseUrl: string;
  call: keyof typeof nodeCalls;
  arguments?: Readonly<Record<string, unknown>>;
  /** None unless given. */
  maxRetries?: number;
}

/** Two generations in each of two languages. */
export const sdks: readonly { name: string; start: () => Promise<Sdk> }[] = [
  ...nodeGenerations.map((generation) => ({
    name: generation.name,
    start: () => Promise.resolve(startNode(generation)),
  })),
  ...pythonGenerations.map((generation) => ({
    name: `openai-python ${generation}`,
    start: () => startPythonSdk(generation),
  })),
];

type Client = ReturnType<NodeGeneration["connect"]>;

/** Tests write what a user would write; whether it fits the package's types is the type checker's to say elsewhere. */
const nodeCalls = {
  "chat.completions.create": (client: Client, body: string) =>
    client.chat.completions.create(JSON.parse(body)),
  "chat.completions.parse": (client: Client, body: string) => client.chat.completions.parse(JSON.parse(body)),
  "chat.completions.stream": (client: Client, body: string) =>
    client.chat.completions.stream(JSON.parse(body)).finalChatCompletion(),
  "completions.create": (client: Client, body: string) => client.completions.create(JSON.parse(body)),
  "embeddings.create": (client: Client, body: string) => client.embeddings.create(JSON.parse(body)),
  "models.list": (client: Client, _body: string) => client.models.list(),
  "models.retrieve": (client: Client, body: string) => client.models.retrieve(JSON.parse(body).model),
} as const;

function startNode({ OpenAI }: NodeGeneration): Sdk {
  const run = ({ baseUrl, call, arguments: given = {}, maxRetries = 0 }: SdkCall) =>
    nodeCalls[call](new OpenAI({ baseURL: baseUrl, apiKey: "unused", maxRetries }), JSON.stringify(given));
  return {
    value: async (call) => JSON.parse(JSON.stringify(await run(call))),
    async items(call) {
      const items: unknown[] = [];
      for await (const item of iterable(await run(call))) items.push(item);
      return JSON.parse(JSON.stringify(items));
    },
    final: async (call) => JSON.parse(JSON.stringify(await run(call))),
    stop: () => Promise.resolve(),
  };
}

async function startPythonSdk(generation: (typeof pythonGenerations)[number]): Promise<Sdk> {
  const python = await startPython(generation);
  const run = <Value>({ maxRetries = 0, ...call }: SdkCall, mode: "value" | "items" | "helper") =>
    python.run<Value>({ ...call, mode, options: { max_retries: maxRetries } });
  return {
    value: (call) => run(call, "value"),
    items: (call) => run(call, "items"),
    final: async (call) => (await run<{ final: ChatBody }>(call, "helper")).final,
    stop: () => python.stop(),
  };
}

function iterable(value: object): AsyncIterable<unknown> {
  if (!(Symbol.asyncIterator in value)) throw new Error("The call gave nothing to iterate over.");
  const { [Symbol.asyncIterator]: iterate } = value;
  if (typeof iterate !== "function") throw new Error("The call gave nothing to iterate over.");
  return { [Symbol.asyncIterator]: () => iterate.call(value) };
}
