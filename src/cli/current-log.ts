import type { Log } from "../core/log.ts";

/** A log that always writes to the one that is current: what outlives a reload writes as the new configuration says. */
export function createCurrentLog(current: () => Log): Log {
  return {
    debug: (text, fields) => current().debug(text, fields),
    info: (text, fields) => current().info(text, fields),
    warn: (text, fields) => current().warn(text, fields),
    error: (text, fields) => current().error(text, fields),
    child: (fields) => createCurrentLog(() => current().child(fields)),
  };
}
