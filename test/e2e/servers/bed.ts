import { afterAll, beforeAll, beforeEach } from "bun:test";
import { type Gateway, type GatewayOptions, startGateway } from "../../support/harness.ts";
import {
  type LookAlike,
  type LookAlikeModel,
  type RecordedCall,
  startLookAlike,
} from "../../support/kserve/look-alike.ts";
import type { ChatBody, ChatChunk, CompletionBody } from "../../support/openai-wire.ts";
import { type Answer, type EventStream, post, postStream } from "../../support/wire.ts";

/** Each a server of its own, in front of which the executable stands; only Triton's models may share one. */
export type Servers = Readonly<Record<string, readonly LookAlikeModel[]>>;

export interface BedOptions extends Omit<GatewayOptions, "config"> {
  servers: Servers;
  /** Settings of each server's backend, by its name. */
  backends?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  models?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The rest of the configuration. */
  config?: Readonly<Record<string, unknown>>;
}

export interface Bed {
  /** Base of the OpenAI routes, `http://127.0.0.1:PORT/v1`. */
  url(): string;
  gateway(): Gateway;
  server(name: string): LookAlike;
  chat(body: Record<string, unknown>): Promise<Answer<ChatBody>>;
  streamChat(body: Record<string, unknown>): Promise<EventStream<ChatChunk>>;
  complete(body: Record<string, unknown>): Promise<Answer<CompletionBody>>;
  /** What has arrived at the servers in the present test. */
  arrived(): Promise<Arrived[]>;
}

/** One inference as it arrived. */
export interface Arrived {
  call: RecordedCall;
  /** Its inputs: datatype, shape and values. */
  tensors: Readonly<Record<string, Tensor>>;
  /** The rendered prompt, of whatever name its tensor is. */
  prompt: string;
  /** Of vLLM, as a value. */
  sampling: Readonly<Record<string, unknown>>;
}

export type Tensor = readonly [datatype: string, shape: readonly number[], values: unknown];

/** Look-alikes and the executable in front of them, for the tests of one `describe`. */
export function serveModels(options: BedOptions): Bed {
  const running = new Map<string, LookAlike>();
  let gateway: Gateway | undefined;
  beforeAll(async () => {
    const names = Object.entries(options.servers);
    const servers = await Promise.all(names.map(([, models]) => startLookAlike({ models })));
    for (const [index, [name]] of names.entries()) {
      const server = servers[index];
      if (server !== undefined) running.set(name, server);
    }
    gateway = await startGateway({ ...options, config: configOf(options, running) });
  }, 30_000);
  beforeEach(async () => {
    await Promise.all([...running.values()].map((server) => server.reset()));
  });
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([...running.values()].map((server) => server.close()));
  });
  const started = () => {
    if (gateway === undefined) throw new Error("The executable is not running.");
    return gateway;
  };
  const url = () => `${started().url}/v1`;
  return {
    url,
    gateway: started,
    server(name) {
      const server = running.get(name);
      if (server === undefined) throw new Error(`There is no server ${name}.`);
      return server;
    },
    chat: (body) => post<ChatBody>(`${url()}/chat/completions`, body),
    streamChat: (body) => postStream<ChatChunk>(`${url()}/chat/completions`, body),
    complete: (body) => post<CompletionBody>(`${url()}/completions`, body),
    async arrived() {
      const calls = await Promise.all([...running.values()].map((server) => server.requests()));
      return calls.flat().map(read);
    },
  };
}

/** The content of a user's message that has the model answer as `directive` says; see model.py. */
export function reply(directive: object, before = "Please."): string {
  return `${before}\n@reply ${JSON.stringify(directive)}`;
}

/** A chat with that message. */
export function replying(directive: object) {
  return { messages: [{ role: "user" as const, content: reply(directive) }] };
}

/** That text, a character a token. */
export function spelled(text: string): { messages: { role: "user"; content: string }[] } {
  return replying({ pieces: Array.from(text) });
}

/** The JSON in a text, or in a tensor's only text; undefined for anything else. */
export function jsonIn(value: unknown): unknown {
  const text: unknown = Array.isArray(value) ? value[0] : value;
  return typeof text === "string" ? JSON.parse(text) : undefined;
}

function configOf({ backends, models, config }: BedOptions, running: ReadonlyMap<string, LookAlike>) {
  return {
    backends: Object.fromEntries(
      [...running].map(([name, { endpoint }]) => [
        name,
        { kind: "kserve", endpoint, template: "chatml", ...backends?.[name] },
      ]),
    ),
    ...(models === undefined ? {} : { models }),
    ...config,
  };
}

function read(call: RecordedCall): Arrived {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { datatype, shape, contents }] of Object.entries(call.inputs))
    tensors[name] = [datatype, shape, contents];
  const prompt = promptNames.map((name) => textOf(tensors[name])).find((text) => text !== undefined) ?? "";
  const sampling: Record<string, unknown> = JSON.parse(textOf(tensors["sampling_parameters"]) ?? "{}");
  return { call, tensors, prompt, sampling };
}

const promptNames = ["text_input", "prompt", "PROMPT", "args", "pre_prompt"];

function textOf(tensor: Tensor | undefined): string | undefined {
  const values = tensor?.[2];
  return Array.isArray(values) ? String(values[0]) : undefined;
}
