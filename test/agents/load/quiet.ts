import type { Log } from "../../../src/core/log.ts";

export const quiet: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => quiet,
};
