import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ServeError } from "../../../../src/core/error.ts";
import type { GenerationEvent } from "../../../../src/core/generation.ts";
import { decodeInferResponse } from "../../../../src/drivers/kserve/codec/decode.ts";
import { encodeInferRequest } from "../../../../src/drivers/kserve/codec/encode.ts";
import { MalformedTensor } from "../../../../src/drivers/kserve/codec/tensor.ts";
import { MalformedMessage } from "../../../../src/drivers/kserve/codec/wire-reader.ts";
import type { Dialect, TextRequest } from "../../../../src/drivers/kserve/dialects/dialect.ts";
import { contractFaults } from "../../../support/contract.ts";
import { arbitraryDamages, arbitraryMessages } from "../../../support/kserve-arbitraries.ts";
import { decodeMessage, encodeMessage } from "../../../support/kserve-messages.ts";
import {
  type Form,
  forms,
  message,
  messageBytes,
  type Output,
  readAll,
  textOf,
  textRequest,
} from "./support.ts";

export interface DialectExample {
  dialect: Dialect;
  /** Changes to the request that this example needs. */
  request?: Partial<TextRequest>;
  /** The outputs of the messages with which its server says these pieces, one after the other, and ends. */
  messages: (pieces: readonly Uint8Array[]) => readonly (readonly Output[])[];
  /** The form of the server's contents; both where it is not said. */
  forms?: readonly Form[];
  /** Its server gives the whole at once. */
  isWhole?: boolean;
  /** Its text comes inside JSON, which is read before anybody looks at the text. */
  isJson?: boolean;
}

const cut = (text: string, ends: readonly number[]): Uint8Array[] => {
  const whole = new TextEncoder().encode(text);
  const places = [...new Set(ends.map((end) => end % (whole.length + 1)))].toSorted(
    (one, other) => one - other,
  );
  return [...places, whole.length].map((end, index) => whole.subarray(places[index - 1] ?? 0, end));
};

/** What every dialect keeps, whatever its server's tensors. */
export function describeDialect(name: string, examples: Readonly<Record<string, DialectExample>>): void {
  for (const [example, setup] of Object.entries(examples)) {
    describe(`${name} (${example}) keeps the dialect contract:`, () => keepsContract(setup));
  }
}

function keepsContract({ dialect, messages, isWhole = false, ...setup }: DialectExample): void {
  const request = textRequest(setup.request);
  const rpc = dialect.abilities.rpcs[0] ?? "stream";
  const read = (outputs: readonly (readonly Output[])[], form: Form) =>
    readAll(
      dialect,
      outputs.map((message_) => message(message_, form)),
      request,
      rpc,
    );

  for (const form of setup.forms ?? forms) {
    test(`any text, cut anywhere, comes out whole from ${form} contents`, () => {
      const texts = fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !text.includes("\0"));
      fc.assert(
        fc.property(texts, fc.array(fc.nat(), { maxLength: 12 }), (text, ends) => {
          const pieces = cut(text.toWellFormed(), isWhole ? [] : ends);
          const { events } = read(messages(pieces), form);

          expect(textOf(events)).toBe(text.toWellFormed());
          expect([...contractFaults(events, request.choices)]).toEqual([]);
        }),
        { numRuns: 150 },
      );
    });
  }

  test("bytes that are not UTF-8 become U+FFFD, and the operator is told", () => {
    const { events, warnings } = read(messages([Uint8Array.of(0x61, 0xc3, 0x28, 0x62)]), "typed");

    expect(textOf(events)).toContain("\uFFFD(b");
    expect(warnings.filter((warning) => warning.includes("UTF-8"))).toHaveLength(
      setup.isJson === true ? 0 : 1,
    );
  });

  test("what comes after everything was told is not read", () => {
    const said = messages(cut("Hi there", []));
    const { events } = read([...said, ...said], "typed");

    expect([...contractFaults(events, request.choices)]).toEqual([]);
  });

  test("a call that ends without a message is an error", () => {
    expect(() => read([], "typed")).toThrow(ServeError);
  });

  test("a message without outputs is an error, unless it says that it is the last", () => {
    expect(() => readAll(dialect, [message([])], request, rpc)).toThrow("without any output");
    const said = messages(cut("Hi there", [])).slice(0, 1);
    const flagged = [...said.map((outputs) => message(outputs)), message([], "typed", true)];
    expect(readAll(dialect, flagged, request, rpc).events).toContainEqual({
      type: "finish",
      choice: 0,
      reason: "stop",
    });
  });

  test("a damaged answer ends in text or in an error that is ours", () => {
    const said = messages(cut("añ😀b and more", [2, 3, 5]));
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.nat(), arbitraryDamages, (form, at, damages) => {
        const wires = said.map((outputs) => messageBytes(outputs, form));
        const index = at % wires.length;
        wires[index] = damages.reduce((wire, damage) => damage(wire), wires[index] ?? new Uint8Array());
        expectOurs(() => readWires(dialect, request, wires));
      }),
      { numRuns: 300 },
    );
  });

  test("any message of the protocol ends in text or in an error that is ours", () => {
    const infer = arbitraryMessages["ModelInferResponse"] ?? fc.constant({});
    fc.assert(
      fc.property(fc.array(infer, { maxLength: 4 }), (fields) => {
        const wires = fields.map((message_) => encodeMessage("ModelInferResponse", { ...message_ }));
        expectOurs(() => readWires(dialect, request, wires));
      }),
      { numRuns: 150 },
    );
  });

  test("a call is a message that a server can read, under the request's id", () => {
    const call = dialect.call(request, rpc);

    expect(call.id).toBe("req_1");
    const wire = decodeMessage("ModelInferRequest", encodeInferRequest(call));
    const { inputs } = wire;
    if (!Array.isArray(inputs)) throw new Error("the request has no inputs");
    for (const input of inputs) expectFits(input);
  });

  test("the prompt reaches the server as it is", () => {
    const prompt = 'a\u0000b "é" 😀\n';
    const { inputs } = dialect.call({ ...request, prompt }, rpc);

    const texts = inputs
      .flatMap(({ contents }) => contents.bytes ?? [])
      .map((text) => new TextDecoder().decode(text));
    expect(texts).toContain(prompt);
  });
}

function readWires(dialect: Dialect, request: TextRequest, wires: readonly Uint8Array[]): void {
  const events: GenerationEvent[] = [];
  const reader = dialect.reader(request, dialect.abilities.rpcs[0] ?? "stream", () => {});
  for (const wire of wires) reader.read(decodeInferResponse(wire), events);
  reader.end(events);
  expect([...contractFaults(events, request.choices)]).toEqual([]);
}

function expectOurs(work: () => void): void {
  try {
    work();
  } catch (error) {
    const isOurs =
      error instanceof ServeError || error instanceof MalformedTensor || error instanceof MalformedMessage;
    if (!isOurs) throw error;
  }
}

/** As many elements as the shape says. */
function expectFits(input: { shape: readonly number[]; contents: Record<string, readonly unknown[]> }): void {
  const count = input.shape.reduce((product, size) => product * size, 1);
  const counts = Object.values(input.contents).map((elements) => elements.length);
  expect(counts.filter((length) => length > 0)).toEqual([count]);
}
