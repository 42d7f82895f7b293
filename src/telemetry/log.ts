import type { Log, LogFields } from "../core/log.ts";
import { cut, escapeControls, escapeJsonControls } from "./escape.ts";
import { redact } from "./redact.ts";

const levels = { debug: 0, info: 1, warn: 2, error: 3 } as const;

export type LogLevel = keyof typeof levels;

export interface LogOptions {
  format: "pretty" | "json";
  /** Least level that is written. */
  level: LogLevel;
  /** Takes one whole line with its end; see `createLineWriter`. */
  write: (line: string) => void;
  /** Texts and values are cut there; 8,192 UTF-16 units unless told. */
  maxChars?: number;
  /** The time of a line, in milliseconds since 1970. */
  now?: () => number;
}

/**
 * A log of one line per event, in one of two forms:
 *
 * - pretty: `[2025-11-12 10:30:45] [INFO] text: key=value, key=value` in local time. Fields that `child` bound are
 *   left out unless the level is debug, so that lines stay readable. A warning's text starts with a sign.
 * - json: `{"time":…,"level":…,"message":…,…fields}`, time in ISO form, bound fields included.
 *
 * No line can forge another or drive a terminal: control and direction characters are escaped. What looks like a
 * key is masked. Nothing here throws.
 */
export function createLog(options: LogOptions): Log {
  return bind(options, {});
}

function bind(options: LogOptions, bound: LogFields): Log {
  const least = levels[options.level];
  const format = options.format === "json" ? formatJson : formatPretty;
  const write = (level: LogLevel, text: string, fields: LogFields = {}) => {
    if (levels[level] < least) return;
    try {
      options.write(`${redact(format({ level, text, fields, bound }, options))}\n`);
    } catch {
      // A request must not fail because its log line does.
    }
  };
  return {
    debug: (text, fields) => write("debug", text, fields),
    info: (text, fields) => write("info", text, fields),
    warn: (text, fields) => write("warn", text, fields),
    error: (text, fields) => write("error", text, fields),
    child: (fields) => bind(options, { ...bound, ...fields }),
  };
}

interface Line {
  level: LogLevel;
  text: string;
  fields: LogFields;
  bound: LogFields;
}

const defaultMaxChars = 8_192;

function formatPretty({ level, text, fields, bound }: Line, options: LogOptions): string {
  const maxChars = options.maxChars ?? defaultMaxChars;
  const sign = level === "warn" && !text.startsWith("⚠") ? "⚠ " : "";
  const head = `[${localTime((options.now ?? Date.now)())}] [${level.toUpperCase()}] ${sign}`;
  const pairs = Object.entries(options.level === "debug" ? { ...bound, ...fields } : fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${escapeControls(key)}=${quote(cut(String(value), maxChars))}`);
  const body = escapeControls(cut(text, maxChars));
  if (pairs.length === 0) return head + body;
  return `${head}${body}${/[.:!?]$/.test(body) ? "" : ":"} ${pairs.join(", ")}`;
}

/** As it stands when it reads as one word, otherwise in quotes. */
function quote(value: string): string {
  return /^[^\s"',=\\]+$/.test(value) ? escapeControls(value) : escapeJsonControls(JSON.stringify(value));
}

function formatJson({ level, text, fields, bound }: Line, options: LogOptions): string {
  const maxChars = options.maxChars ?? defaultMaxChars;
  const line: Record<string, unknown> = {
    time: new Date((options.now ?? Date.now)()).toISOString(),
    level,
    message: cut(text, maxChars),
  };
  for (const [key, value] of Object.entries({ ...bound, ...fields })) {
    if (!reserved.has(key)) line[key] = typeof value === "string" ? cut(value, maxChars) : value;
  }
  return escapeJsonControls(JSON.stringify(line));
}

const reserved = new Set(["time", "level", "message", "__proto__"]);

let lastSecond = Number.NaN;
let lastText = "";

/** `2025-11-12 10:30:45`; most lines share their second with the one before. */
function localTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1_000);
  if (second === lastSecond) return lastText;
  const time = new Date(milliseconds);
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  lastText = `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  lastSecond = second;
  return lastText;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
