/** Values that a log line carries beside its text. Never credentials. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Where lines go. `child` binds fields to every later line. Writing never throws and never blocks. */
export interface Log {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}
