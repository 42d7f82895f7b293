import type { Config } from "./config.ts";
import type { Flags } from "./given.ts";

const probed = "kserve";

/** The flags of `probe`: its endpoint as the only one. The model is named by `singleBackend`. */
export function probeFlags(flags: Flags, endpoint: string): Flags {
  const { "--model": _model, "--anyserve-endpoint": _anyserve, ...others } = flags;
  return { ...others, "--kserve-endpoint": [endpoint] };
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
    models: model === undefined ? {} : { [model]: { backend: probed, target: model, settings: {} } },
    defaultBackend: probed,
  };
}
