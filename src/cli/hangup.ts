import { readFileSync } from "node:fs";

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
