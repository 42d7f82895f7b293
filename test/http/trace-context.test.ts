import { describe, expect, test } from "bun:test";
import { readTraceContext } from "../../src/http/trace-context.ts";

const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("The trace of a request", () => {
  test("is read with its state", () => {
    const headers = new Headers({
      traceparent: parent,
      tracestate: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
    });

    expect(readTraceContext(headers)).toEqual({
      parent,
      state: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
    });
  });

  test("of a later version may say more", () => {
    expect(readTraceContext(new Headers({ traceparent: `01${parent.slice(2)}-more` }))?.parent).toBe(
      `01${parent.slice(2)}-more`,
    );
  });

  for (const [what, text] of [
    ["an unknown form", "hello"],
    ["version ff", `ff${parent.slice(2)}`],
    ["a trace of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
    ["a parent of zeros", `00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`],
    ["capital letters", parent.toUpperCase()],
    ["more than version 00 has", `${parent}-more`],
    ["endless text", `01${parent.slice(2)}-${"a".repeat(10_000)}`],
  ] as const) {
    test(`is none with ${what}`, () => {
      expect(readTraceContext(new Headers({ traceparent: text, tracestate: "a=b" }))).toBeUndefined();
    });
  }

  test("goes without a state that is too long", () => {
    const headers = new Headers({ traceparent: parent, tracestate: "a".repeat(513) });

    expect(readTraceContext(headers)).toEqual({ parent });
  });
});
