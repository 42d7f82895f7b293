import { type Gateway, type GatewayOptions, startGateway } from "../../support/harness.ts";
import {
  startUpstream,
  type Upstream,
  type UpstreamOptions,
  type UpstreamScript,
} from "../../support/upstream/upstream.ts";

export interface UpstreamBed {
  upstream: Upstream;
  gateway: Gateway;
  /** Base of our OpenAI routes. */
  url: string;
  stop(): Promise<void>;
}

/** What the server sends to its upstream, and must show to nobody. */
export const upstreamKey = "sk-upstream-5f1d7c93a2b84e60";

export interface UpstreamBedOptions extends Omit<GatewayOptions, "config"> {
  upstream?: UpstreamOptions;
  /** More keys of the backend. */
  backend?: Readonly<Record<string, unknown>>;
  /** More of the configuration file. */
  config?: Readonly<Record<string, unknown>>;
}

/** The executable before an upstream with that script, by a configuration whose only backend is called `up`. */
export async function startUpstreamBed(
  script?: UpstreamScript,
  options: UpstreamBedOptions = {},
): Promise<UpstreamBed> {
  const { upstream: served, backend, config, environment, ...rest } = options;
  const upstream = await startUpstream(script, served);
  try {
    const gateway = await startGateway({
      ...rest,
      environment: { UPSTREAM_KEY: upstreamKey, ...environment },
      config: {
        backends: {
          up: { kind: "openai", base_url: upstream.url, api_key_env: "UPSTREAM_KEY", ...backend },
        },
        ...config,
      },
    });
    return {
      upstream,
      gateway,
      url: `${gateway.url}/v1`,
      async stop() {
        await gateway.stop();
        await upstream.close();
      },
    };
  } catch (error) {
    await upstream.close();
    throw error;
  }
}

/** Servers of one test. */
export interface Servers {
  upstream(script?: UpstreamScript, options?: UpstreamOptions): Promise<Upstream>;
  gateway(options: GatewayOptions): Promise<Gateway>;
  /** Has something else closed as well. */
  defer(close: () => Promise<void>): void;
  /** Closes them, the last one first. */
  close(): Promise<void>;
}

export function createServers(): Servers {
  const open: (() => Promise<void>)[] = [];
  return {
    async upstream(script, options) {
      const upstream = await startUpstream(script, options);
      open.push(() => upstream.close());
      return upstream;
    },
    async gateway(options) {
      const gateway = await startGateway(options);
      open.push(() => gateway.stop());
      return gateway;
    },
    defer: (close) => open.push(close),
    async close() {
      for (const close of open.splice(0).toReversed()) await close();
    },
  };
}
