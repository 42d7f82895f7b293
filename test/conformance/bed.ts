import { startAnyserve, type Anyserve, type BehaviourOptions } from "../support/anyserve/anyserve.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../support/harness.ts";

export interface Bed {
  anyserve: Anyserve;
  gateway: Gateway;
  /** Base of the OpenAI routes, `http://127.0.0.1:PORT/v1`. */
  url: string;
  stop(): Promise<void>;
}

/** One backend for each behaviour of the suite. */
const behaviours = {
  echo: {},
  utf8: {},
  endless: {},
  fail: {},
  failmid: {},
  badarg: {},
  zero: {},
} satisfies Record<string, BehaviourOptions>;

/** Public models: each backend under its own name, and echo under more names with other settings. */
const models = {
  ...Object.fromEntries(Object.keys(behaviours).map((name) => [name, { backend: name }])),
  "org/echo": { backend: "echo" },
  "echo-4o": { backend: "echo", token_model: "gpt-4o" },
  "echo-small": { backend: "echo", max_context_tokens: 50 },
};

export const modelIds: readonly string[] = Object.keys(models);

/** The suite's test bed: AnyServe look-alikes behind one server that serves them all, without a default model. */
export async function startBed(options: GatewayOptions = {}): Promise<Bed> {
  return startBedWith(behaviours, { ...options, config: { models, ...options.config } });
}

/** A bed with backends of the test's choice; each is a model under its own name unless `config` says more. */
export async function startBedWith(
  backends: Readonly<Record<string, BehaviourOptions>>,
  options: GatewayOptions = {},
): Promise<Bed> {
  const anyserve = await startAnyserve(backends);
  const names = Object.keys(backends);
  try {
    const gateway = await startGateway({
      ...options,
      config: {
        backends: Object.fromEntries(
          names.map((name) => [name, { kind: "kserve", endpoint: anyserve.endpoint(name) }]),
        ),
        models: Object.fromEntries(names.map((name) => [name, { backend: name }])),
        ...options.config,
      },
    });
    return {
      anyserve,
      gateway,
      url: `${gateway.url}/v1`,
      async stop() {
        await gateway.stop();
        await anyserve.stop();
      },
    };
  } catch (error) {
    await anyserve.stop();
    throw error;
  }
}
