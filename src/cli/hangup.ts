import { closeSync, constants, openSync, readFileSync } from "node:fs";

/** What SIGHUP asks for, and why, for the log. */
export type Hangup = { action: "reload" } | { action: "stop"; reason: string };

/**
 * Tells at each SIGHUP what it means. It is a wish to have the configuration read again, unless there is nothing to
 * read (`canReload` is false) or the terminal went away in which the program was started.
 */
export function createHangupRule(canReload: boolean): () => Hangup {
  const hadTerminal = hasTerminal();
  return () => {
    if (!canReload) return { action: "stop", reason: "SIGHUP (there is no file to read again)" };
    if (hadTerminal && !hasTerminal()) return { action: "stop", reason: "SIGHUP (the terminal has gone)" };
    return { action: "reload" };
  };
}

/** Whether the program has a controlling terminal now. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", constants.O_RDONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the program was started to outlive its terminal, as `nohup` does: a handler for SIGHUP would undo that.
 * Only Linux can be asked; elsewhere false.
 */
export function isHangupIgnored(): boolean {
  if (process.platform !== "linux") return false;
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    // SIGHUP is signal 1, the lowest bit.
    return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false;
  }
}
