import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ServeError } from "../../src/core/error.ts";
import { type BodyLimits, jsonBody } from "../../src/http/body.ts";
import { assertShape } from "../../src/http/json-shape.ts";
import { createActiveCalls, createCall } from "../../src/http/call.ts";
import { memoryLog } from "../support/calls.ts";
import { rejection } from "../support/rejection.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";

const limits: BodyLimits = {
  maxBodyBytes: 1_000,
  maxJsonDepth: 5,
  maxJsonValues: 200,
  bodyTimeoutMs: 10_000,
};
const wide: BodyLimits = { ...limits, maxBodyBytes: 64 << 20, maxJsonDepth: 128, maxJsonValues: 524_288 };
const encoder = new TextEncoder();

type Content = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** The body as a handler gets it, or what the client is told instead. */
function read(content: Content, given: BodyLimits = limits, headers: Record<string, string> = {}) {
  const request = new Request("http://localhost/", { method: "POST", body: content, headers });
  createCall(request, { timeout: () => {} }, memoryLog(), createActiveCalls());
  return jsonBody(given)({ request });
}

function streamOf(...parts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part));
      controller.close();
    },
  });
}

function bytes(...parts: (string | number)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...encoder.encode(part)])),
  );
}

/** A JSON object of exactly `size` bytes. */
function objectOf(size: number): string {
  return `{"a":"${"x".repeat(size - 8)}"}`;
}

/** Nested so deep in all, the object around it included. */
function nested(depth: number, open_ = "[", close = "]"): string {
  return `{"a":${open_.repeat(depth - 1)}${close.repeat(depth - 1)}}`;
}

describe("size", () => {
  for (const [name, send] of [
    ["sized", (text: string) => read(text, limits, { "content-length": String(text.length) })],
    ["chunked", (text: string) => read(streamOf(text.slice(0, 10), text.slice(10)))],
  ] as const) {
    test(`a ${name} body of exactly the limit is read`, async () => {
      expect(await send(objectOf(1_000))).toEqual({ a: "x".repeat(992) });
    });

    test(`a ${name} body of one byte more is too large`, async () => {
      expect(await rejection(send(objectOf(1_001)))).toMatchObject({
        kind: "too_large",
        code: "request_too_large",
      });
    });
  }

  test("a body that says that it is too large is refused unread", async () => {
    let isRead = false;
    const content = new ReadableStream<Uint8Array>(
      {
        pull() {
          isRead = true;
        },
      },
      { highWaterMark: 0 },
    );

    const failure = await rejection(read(content, limits, { "content-length": "1001" }));

    expect(failure).toMatchObject({ kind: "too_large" });
    expect(isRead).toBe(false);
  });

  test("a chunked body is read no further than the limit", async () => {
    let pulled = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(encoder.encode("x".repeat(400)));
      },
      cancel() {
        isCancelled = true;
      },
    });

    const failure = await rejection(read(endless));

    expect(failure).toMatchObject({ kind: "too_large" });
    expect(isCancelled).toBe(true);
    expect(pulled).toBeLessThan(10);
  });

  test("the limit counts bytes, not characters", async () => {
    const failure = await rejection(read(`{"a":"${"é".repeat(600)}"}`));

    expect(failure).toMatchObject({ kind: "too_large" });
  });
});

describe("what is not a JSON object", () => {
  for (const text of [
    "",
    " ",
    "{bad",
    '{"a":1',
    "[]",
    '"x"',
    "null",
    "17",
    "{}{}",
    '{"a":1,}',
    "{'a':1}",
    "NaN",
    "]",
    "}",
  ]) {
    test(`${JSON.stringify(text)} is refused without code or param`, async () => {
      const failure = await rejection(read(text));

      expect(failure).toMatchObject({ kind: "invalid_request", code: undefined, param: undefined });
    });
  }

  test("the sentence does not repeat the body", async () => {
    const failure = await rejection(read('{"canary-7f3a'));

    expect(ServeError.from(failure).message).not.toContain("canary");
  });
});

describe("UTF-8", () => {
  for (const [name, content] of [
    ["a lone continuation byte", bytes('{"a":"', 0x80, '"}')],
    ["a character cut short", bytes('{"a":"', 0xe2, 0x82, '"}')],
    ["an overlong form", bytes('{"a":"', 0xc0, 0xaf, '"}')],
    ["a surrogate", bytes('{"a":"', 0xed, 0xa0, 0x80, '"}')],
    ["Latin-1", bytes('{"a":"caf', 0xe9, '"}')],
    ["UTF-16", bytes(0xff, 0xfe, 0x7b, 0, 0x7d, 0)],
  ] as const) {
    test(`${name} is refused, and the next body is read`, async () => {
      const failure = await rejection(read(content));
      const next = await read('{"a":"é"}');

      expect(failure).toMatchObject({ kind: "invalid_request", message: expect.stringContaining("UTF-8") });
      expect(next).toEqual({ a: "é" });
    });
  }

  test("a byte order mark is let pass", async () => {
    expect(await read('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });

  test("a character whose bytes come in two parts is whole", async () => {
    const content = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes('{"a":"', 0xe2, 0x82));
        controller.enqueue(bytes(0xac, '"}'));
        controller.close();
      },
    });

    expect(await read(content)).toEqual({ a: "€" });
  });

  test("what JSON can say and text cannot is kept: a lone surrogate, a zero, separators", async () => {
    expect(await read(String.raw`{"a":"\ud800\u0000\u2028"}`)).toEqual({ a: "\ud800\u0000\u2028" });
  });
});

describe("depth", () => {
  for (const [open_, close] of [
    ["[", "]"],
    ['{"b":', "}"],
  ] as const) {
    const filled = (depth: number) =>
      nested(depth, open_, close).replace(`${open_}${close}`, `${open_}1${close}`);

    test(`${filled(5)} is as deep as may be`, async () => {
      expect(await read(filled(5))).toEqual(JSON.parse(filled(5)));
    });

    test(`${filled(6)} is too deep`, async () => {
      expect(await rejection(read(filled(6)))).toMatchObject({
        message: expect.stringContaining("5 levels"),
      });
    });
  }

  for (const text of [
    String.raw`{"a":"[[[[[[[[[[{{{{{{{{{{"}`,
    String.raw`{"a":"\"[[[[[[[[[["}`,
    String.raw`{"a":"\\","b":"[[[[[[[[[["}`,
    String.raw`{"a":"\\\"[[[[[[[[[[","b":"]]]]"}`,
    `{"${"[".repeat(20)}":1}`,
    `{"a":[${"[],".repeat(50)}[]]}`,
  ]) {
    test(`brackets in strings and side by side do not count: ${text.slice(0, 40)}`, async () => {
      expect(await read(text)).toEqual(JSON.parse(text));
    });
  }

  for (const text of [
    String.raw`{"a":"\\",` + '"b":[[[[[[[1]]]]]]]}',
    `{"a":"]]]]]]]]","b":[[[[[1]]]]]}`,
    String.raw`{"a":"\"]]]]]]","b":[[[[[1]]]]]}`,
  ]) {
    test(`brackets after a string do: ${text}`, async () => {
      expect(await rejection(read(text))).toMatchObject({ message: expect.stringContaining("levels") });
    });
  }

  test("an unfinished string is bad JSON, not an endless search", async () => {
    expect(await rejection(read('{"a":"[[[[[['))).toMatchObject({ message: expect.stringContaining("JSON") });
  });

  test("a body 100,000 levels deep is refused", async () => {
    expect(await rejection(read(nested(100_000), wide))).toMatchObject({ kind: "invalid_request" });
  });

  for (const [name, text] of [
    ["5 million brackets, all opened", "[".repeat(5_000_000)],
    ["5 million brackets side by side", `{"a":[${"[],".repeat(2_500_000)}[]]}`],
    ["5 million strings", `{"a":[${'"",'.repeat(5_000_000)}""]}`],
    ["5 million escaped quotes", `{"a":"${String.raw`\"`.repeat(5_000_000)}"}`],
    ["10 million backslashes", `{"a":"${String.raw`\\`.repeat(5_000_000)}"}`],
  ] as const) {
    test(`${name} are dealt with in a few seconds at most`, async () => {
      const startedAt = performance.now();

      await rejection(read(text, wide));

      expect(performance.now() - startedAt).toBeLessThan(5_000);
    });
  }
});

test("`__proto__` stays a key of its own", async () => {
  const body = await read(
    '{"__proto__":{"polluted":1},"a":{"__proto__":2},"constructor":{"prototype":{"polluted":1}}}',
  );

  expect(Object.hasOwn(Object(body), "__proto__")).toBe(true);
  expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
  expect(Object({})).not.toHaveProperty("polluted");
});

describe("values", () => {
  const few = { ...limits, maxJsonValues: 20 };

  for (const [name, text] of [
    ["as many as may be", `{"a":[${"1,".repeat(13)}1]}`],
    ["commas and colons in strings", `{"a":"${":,[{".repeat(50)}"}`],
  ] as const) {
    test(`${name} are read`, async () => {
      expect(await read(text, few)).toEqual(JSON.parse(text));
    });
  }

  for (const [name, text] of [
    ["one more", `{"a":[${"1,".repeat(15)}1]}`],
    ["keys, which count as four", `{"a":1,"b":2,"c":3,"d":4,"e":5}`],
    ["empty arrays", `{"a":[${"[],".repeat(10)}[]]}`],
  ] as const) {
    test(`${name} are too many`, async () => {
      expect(await rejection(read(text, few))).toMatchObject({
        message: expect.stringContaining("too many"),
      });
    });
  }
});

test("what is looked at before parsing agrees with what parsing gives", async () => {
  const weigh = (value: unknown): number => {
    if (Array.isArray(value))
      return Math.max(value.length, 1) + value.reduce<number>((sum, item) => sum + weigh(item), 0);
    if (typeof value !== "object" || value === null) return 0;
    const inner = Object.values(value);
    return (
      Math.max(inner.length, 1) + 4 * inner.length + inner.reduce<number>((sum, item) => sum + weigh(item), 0)
    );
  };
  const strings = fc.string({
    unit: fc.constantFrom("a", '"', "\\", "[", "{", ",", ":", "\n", "é"),
    maxLength: 120,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.object({ key: strings, values: [strings, fc.integer()], maxDepth: 4 }),
      async (value) => {
        const content = encoder.encode(JSON.stringify(value));
        const values = weigh(JSON.parse(JSON.stringify(value)));

        await assertShape(content, { maxJsonDepth: 64, maxJsonValues: values });
        const tooMany = await rejection(
          assertShape(content, { maxJsonDepth: 64, maxJsonValues: values - 1 }),
        );
        expect(tooMany).toMatchObject({ message: expect.stringContaining("too many") });
      },
    ),
  );
});

test("a long text of short lines is passed once", async () => {
  const content = encoder.encode(`{"a":"${`${"x".repeat(34)}\\n`.repeat(200_000)}"}`);
  const longest = await longestTurnMs(10, () => assertShape(content, wide));

  expect(longest).toBeLessThan(maxTurnMs);
});

describe("a large body holds up nobody while it is looked at", () => {
  for (const [name, text] of [
    ["1.5 million keys", `{${Array.from({ length: 1_500_000 }, (_, key) => `"k${key}":1`).join(",")}}`],
    ["15 million escaped quotes", `{"a":"${String.raw`\"`.repeat(15_000_000)}`],
    ["30 million brackets", `{"a":"${"[".repeat(30_000_000)}`],
  ] as const) {
    test(name, async () => {
      const content = encoder.encode(text);

      // The least of a few rounds, because the machine may be busy with something else.
      const longest = await longestTurnMs(10, () => rejection(assertShape(content, wide)));

      expect(longest).toBeLessThan(maxTurnMs);
    });
  }
});

test("a body that does not end in time is given up", async () => {
  const trickle = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode('{"a":'));
    },
  });

  const failure = await rejection(read(trickle, { ...limits, bodyTimeoutMs: 20 }));

  expect(failure).toMatchObject({ kind: "invalid_request", message: expect.stringContaining("in time") });
});
