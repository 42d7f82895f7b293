import { describe, expect, test } from "bun:test";
import { createLog, type LogOptions } from "../../src/telemetry/log.ts";

const time = new Date(2025, 10, 12, 10, 30, 45).getTime();

function record(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({
    format: "pretty",
    level: "info",
    now: () => time,
    write: (line) => lines.push(line),
    ...options,
  });
  return { log, lines };
}

describe("a pretty line", () => {
  test("has the time, the level and the text", () => {
    const { log, lines } = record();

    log.info("Starting oai-serve 0.1.0 ...");
    log.error("Broken");

    expect(lines).toEqual([
      "[2025-11-12 10:30:45] [INFO] Starting oai-serve 0.1.0 ...\n",
      "[2025-11-12 10:30:45] [ERROR] Broken\n",
    ]);
  });

  test("shows its own fields, with quotes where a value is more than a word", () => {
    const { log, lines } = record();

    log.info("→ Request", {
      model: "a b",
      stream: false,
      count: 2,
      none: null,
      absent: undefined,
      sum: "a=1",
    });
    log.info("Done.", { id: "x" });

    expect(lines).toEqual([
      '[2025-11-12 10:30:45] [INFO] → Request: model="a b", stream=false, count=2, none=null, sum="a=1"\n',
      "[2025-11-12 10:30:45] [INFO] Done. id=x\n",
    ]);
  });

  test("marks a warning once", () => {
    const { log, lines } = record();

    log.warn("careful");
    log.warn("⚠ careful");

    expect(lines).toEqual(Array(2).fill("[2025-11-12 10:30:45] [WARN] ⚠ careful\n"));
  });

  test("hides bound fields unless the level is debug", () => {
    const quiet = record();
    const loud = record({ level: "debug" });

    for (const { log } of [quiet, loud])
      log.child({ request: "r1" }).child({ part: 2 }).info("Hello", { a: 1 });

    expect(quiet.lines).toEqual(["[2025-11-12 10:30:45] [INFO] Hello: a=1\n"]);
    expect(loud.lines).toEqual(["[2025-11-12 10:30:45] [INFO] Hello: request=r1, part=2, a=1\n"]);
  });
});

describe("a JSON line", () => {
  test("has the time, the level, the message, and bound fields too", () => {
    const { log, lines } = record({ format: "json" });

    log.child({ request: "r1", note: null }).warn("careful", { count: 2, absent: undefined });

    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: new Date(time).toISOString(),
        level: "warn",
        message: "careful",
        request: "r1",
        note: null,
        count: 2,
      },
    ]);
  });

  test("cannot have its own keys replaced by a field", () => {
    const { log, lines } = record({ format: "json" });

    log.info("real", { message: "forged", level: "error", time: "never" });

    expect(JSON.parse(lines.join(""))).toMatchObject({ message: "real", level: "info" });
  });
});

test("lines below the level are not written", () => {
  const { log, lines } = record({ level: "warn" });

  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");

  expect(lines).toHaveLength(2);
});

describe("what could end a line or drive a terminal is escaped", () => {
  const hostile: readonly [string, string, string][] = [
    ["a line end", "a\nb", String.raw`a\nb`],
    ["a carriage return", "a\rb", String.raw`a\rb`],
    ["an escape sequence", "\u001b[31mred", String.raw`\u001b[31mred`],
    ["a C1 sequence", "\u009b31m", String.raw`\u009b31m`],
    ["DEL", "\u007f", String.raw`\u007f`],
    ["NUL", "\0", String.raw`\u0000`],
    ["a line separator", "\u2028", String.raw`\u2028`],
    ["a change of direction", "\u202eexe", String.raw`\u202eexe`],
    ["an isolate", "\u2066x\u2069", String.raw`\u2066x\u2069`],
  ];
  for (const [name, text, escaped] of hostile) {
    test(name, () => {
      const pretty = record();
      const json = record({ format: "json" });

      for (const { log } of [pretty, json]) log.info(text, { [text]: text });

      expect(pretty.lines[0]).toStartWith(`[2025-11-12 10:30:45] [INFO] ${escaped}: ${escaped}=`);
      expect(json.lines[0]).toContain(escaped);
      expect(JSON.parse(json.lines[0] ?? "")).toMatchObject({ message: text, [text]: text });
      // oxlint-disable-next-line no-control-regex
      const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\n./;
      expect(pretty.lines[0]).not.toMatch(raw);
      expect(json.lines[0]).not.toMatch(raw);
    });
  }
});

test("a long text is cut without splitting a character", () => {
  const { log, lines } = record({ maxChars: 4 });

  log.info("abc😀def", { value: "123456" });

  expect(lines).toEqual(["[2025-11-12 10:30:45] [INFO] abc…: value=1234…\n"]);
});

test("what looks like a key is masked in both forms", () => {
  for (const format of ["pretty", "json"] as const) {
    const { log, lines } = record({ format });

    log.info("Authorization: Bearer abcdefgh12345678", { key: "sk-proj-abcdef123456", api_key: "topsecret" });

    expect(lines.join("")).not.toMatch(/abcdef|topsecret/);
    expect(lines.join("")).toContain("sk-***");
  }
});

test("nothing is thrown, whatever the sink or a value does", () => {
  const failing = record({
    write: () => {
      throw new Error("full");
    },
  });

  expect(() => failing.log.info("text")).not.toThrow();
});
