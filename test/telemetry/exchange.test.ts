import { describe, expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import { createExchangeLog, maxLogChars, type ContentLogging } from "../../src/telemetry/exchange.ts";
import { createLog } from "../../src/telemetry/log.ts";

function record(content: ContentLogging, format: "pretty" | "json" = "pretty") {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line.replace(/^\[.*?\] /, "").trimEnd());
  const log = createLog({ format, level: "info", write, maxChars: maxLogChars(content) });
  return { exchange: createExchangeLog(log, content), lines };
}

const response = {
  id: "chatcmpl-1",
  finish: "stop",
  usage: { promptTokens: 12, completionTokens: 34, source: "tiktoken" },
  elapsedMs: 519.6,
  content: "The capital of France is Paris.",
} as const;

test("a preview shows the beginning of both sides", () => {
  const { exchange, lines } = record("preview");

  exchange.request({ id: "req_1", model: "researcher", stream: false, message: "x".repeat(101) });
  exchange.response(response);

  expect(lines).toEqual([
    "[INFO] → Request: model=researcher, stream=false, id=req_1",
    `[INFO]   Message: ${"x".repeat(100)}...`,
    "[INFO] ← Response: session=chatcmpl, finish=stop, tokens=12+34, counted=tiktoken, time=0.52s",
    "[INFO]   Content: The capital of France is Paris.",
  ]);
});

test("tool calls are listed with the beginning of their arguments", () => {
  const { exchange, lines } = record("preview");
  const toolCalls = [
    { name: "web_search", arguments: '{"query": "latest AI news 2025"}' },
    { name: "long", arguments: "y".repeat(81) },
  ];

  exchange.response({ id: "r1", finish: "tool-calls", elapsedMs: 1_000, toolCalls, content: "" });

  expect(lines).toEqual([
    "[INFO] 🔧 Tool Calls: session=r1, count=2",
    '[INFO]   [1] web_search({"query": "latest AI news 2025"})',
    `[INFO]   [2] long(${"y".repeat(80)}...)`,
    "[INFO] ← Response: session=r1, finish=tool-calls, time=1.00s",
  ]);
});

test("without content no line holds any of it", () => {
  const { exchange, lines } = record("off");

  exchange.request({ id: "req_1", model: "m", stream: true, message: "canary" });
  exchange.response({ ...response, content: "canary", toolCalls: [{ name: "tool", arguments: "canary" }] });

  expect(lines.join("\n")).not.toContain("canary");
  expect(lines).toContain("[INFO]   [1] tool");
  expect(exchange.contentChars).toBe(0);
});

test("full content is whole, on one line", () => {
  const { exchange, lines } = record("full");
  const text = "line\n".repeat(20_000);

  exchange.request({ id: "req_1", model: "m", stream: true, message: text });

  expect(lines[1]).toBe(`[INFO]   Message: ${text.replaceAll("\n", String.raw`\n`)}`);
  expect(exchange.contentChars).toBeGreaterThan(text.length);
});

test("JSON lines carry the numbers as numbers", () => {
  const { exchange, lines } = record("off", "json");

  exchange.response(response);

  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    message: "← Response",
    prompt_tokens: 12,
    completion_tokens: 34,
    elapsed_ms: 520,
    finish: "stop",
  });
});

describe("a failure", () => {
  test("of the backend is an error with its causes", () => {
    const { exchange, lines } = record("off");
    const cause = new Error("14 UNAVAILABLE", {
      cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
    });

    exchange.failure(
      "req_1",
      new ServeError("unavailable", "The backend is down.", { code: "upstream_unavailable", cause }),
      20,
    );

    expect(lines).toEqual([
      "[ERROR] ✗ The backend is down. id=req_1, code=upstream_unavailable, time=0.02s, " +
        'cause="Error: 14 UNAVAILABLE, because Error (ECONNREFUSED): refused"',
    ]);
  });

  test("of the client is no error of the server", () => {
    const { exchange, lines } = record("off");

    exchange.failure("req_1", new ServeError("canceled", "The client has left."), 1_000);

    expect(lines).toEqual(["[INFO] ✗ The client has left. id=req_1, code=canceled, time=1.00s"]);
  });

  test("of unknown kind tells the operator more than the client", () => {
    const { exchange, lines } = record("off");

    exchange.failure("req_1", new TypeError("x is undefined"), 0);

    expect(lines[0]).toContain('cause="TypeError: x is undefined"');
  });
});
