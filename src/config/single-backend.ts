import type { Config } from "./config.ts";
import type { Flags } from "./given.ts";

const probed = "kserve";

const others = ["--model", "--anyserve-endpoint", "--openai-base-url", "--openai-provider", "--agent"];

/** The flags of `probe`: its endpoint as the only one. The model is named by `singleBackend`. */
export function probeFlags(flags: Flags, endpoint: string): Flags {
  const own = Object.entries(flags).filter(([flag]) => !others.includes(flag));
  return { ...Object.fromEntries(own), "--kserve-endpoint": [endpoint] };
}

/** A configuration reduced to the backend that is probed, and to the model if one is named. */
export function singleBackend(config: Config, model: string | undefined): Config {
  const {
    backends: { [probed]: backend },
    defaultModel: _default,
    publicModel: _public,
    ...rest
  } = config;
  return {
    ...rest,
    backends: backend === undefined ? {} : { [probed]: backend },
    agents: { ...config.agents, files: [], definitions: {} },
    models: model === undefined ? {} : { [model]: { backend: probed, target: model, settings: {} } },
    defaultBackend: probed,
  };
}
