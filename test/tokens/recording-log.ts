import type { Log } from "../../src/core/log.ts";

/** A log that keeps its lines as `level text`. */
export function recordingLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log = {
    lines,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  return { ...log, child: () => recordingLog() };
}
