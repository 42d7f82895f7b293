import type { Log, LogFields } from "../../core/log.ts";
import type { LogLevel } from "./messages.ts";

export interface LogLine {
  level: LogLevel;
  text: string;
  fields?: LogFields;
  /** What `child` bound in this process. */
  bound: LogFields;
}

/** A log whose lines are written elsewhere. */
export function createRemoteLog(send: (line: LogLine) => void, bound: LogFields = {}): Log {
  const write = (level: LogLevel) => (text: string, fields?: LogFields) =>
    send({ level, text, ...(fields !== undefined && { fields }), bound });
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => createRemoteLog(send, { ...bound, ...fields }),
  };
}
