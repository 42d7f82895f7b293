import type { Stream } from "node:stream";
import type { Log } from "../../core/log.ts";

const longestLine = 1_000;
const maxLines = 10_000;

/** Writes what a server says on its error output to the log, line by line and not without end. */
export function logLines(output: Stream | null, log: Log): void {
  const decoder = new TextDecoder();
  let rest = "";
  let count = 0;
  const write = (line: string) => {
    count++;
    if (count <= maxLines && line.trim() !== "") log.debug(line.slice(0, longestLine));
    if (count === maxLines) log.debug("Further lines are left out.");
  };
  output?.on("data", (chunk: Uint8Array) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = (lines.pop() ?? "").slice(0, longestLine);
    for (const line of lines) write(line);
  });
  output?.on("end", () => write(rest));
}
