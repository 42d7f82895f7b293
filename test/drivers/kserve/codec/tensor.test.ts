import { describe, expect, test } from "bun:test";
import { decodeInferResponse } from "../../../../src/drivers/kserve/codec/decode.ts";
import {
  MalformedTensor,
  readBytesOutput,
  readBytesOutputs,
  readFloatOutput,
  readIntegerOutput,
  readIntegerOutputs,
  readLooseBytesOutput,
} from "../../../../src/drivers/kserve/codec/tensor.ts";
import { bytesOutput, inferMessage } from "../../../support/kserve-messages.ts";
import type { Fields } from "../../../support/kserve-messages.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const response = (outputs: readonly Fields[], rawOutputContents: readonly Uint8Array[] = []) =>
  decodeInferResponse(inferMessage(outputs, { rawOutputContents }));
const untyped = (shape: readonly number[] = [1], datatype = "BYTES"): Fields => ({
  name: "text",
  datatype,
  shape,
});

const other: Fields = { name: "model", datatype: "BYTES", shape: [1] };

const readable: readonly [string, ReturnType<typeof response>, string][] = [
  ["typed", response([bytesOutput("text", "Hi")]), "Hi"],
  ["typed and empty", response([bytesOutput("text", "")]), ""],
  ["raw with its length", response([untyped()], [bytes("\x02\0\0\0Hi")]), "Hi"],
  ["raw and empty with its length", response([untyped()], [bytes("\0\0\0\0")]), ""],
  ["raw without a length", response([untyped()], [bytes("Hello")]), "Hello"],
  ["raw, short and without a length", response([untyped()], [bytes("Hi")]), "Hi"],
  ["raw and empty without a length", response([untyped()], [bytes("")]), ""],
  [
    "raw behind another tensor",
    response([other, untyped()], [bytes("\x01\0\0\0m"), bytes("\x01\0\0\0x")]),
    "x",
  ],
  ["of no dimension", response([untyped([])], [bytes("\x01\0\0\0x")]), "x"],
  ["of two dimensions", response([untyped([1, 1])], [bytes("\x01\0\0\0x")]), "x"],
];

describe("a text output is read when it is", () => {
  for (const [what, message, text] of readable) {
    test(what, () => {
      expect(Buffer.from(readBytesOutput(message, "text") ?? bytes("absent")).toString()).toBe(text);
    });
  }
});

test("an output that is not there is undefined", () => {
  const message = response([bytesOutput("text", "Hi")]);

  expect(readBytesOutput(message, "token")).toBeUndefined();
  expect(readIntegerOutput(message, "n_ctx")).toBeUndefined();
});

const twoElements = { ...untyped([2]), contents: { bytesContents: [bytes("a"), bytes("b")] } };
const malformed: readonly [string, ReturnType<typeof response>][] = [
  ["comes twice", response([bytesOutput("text", "a"), bytesOutput("text", "b")])],
  ["has another datatype", response([{ ...bytesOutput("text", "a"), datatype: "FP32" }])],
  ["has no datatype", response([{ ...bytesOutput("text", "a"), datatype: "" }])],
  ["has two elements", response([twoElements])],
  ["has no element by its shape", response([{ ...bytesOutput("text", "a"), shape: [0] }])],
  ["has a negative shape", response([{ ...bytesOutput("text", "a"), shape: [-1] }])],
  ["has a shape that overflows", response([{ ...bytesOutput("text", "a"), shape: [2 ** 62, 2 ** 62] }])],
  ["has more data than its shape", response([{ ...twoElements, shape: [1] }])],
  ["has no data", response([untyped()])],
  ["has data of another datatype", response([{ ...untyped(), contents: { intContents: [1] } }])],
  [
    "has data of two datatypes",
    response([{ ...untyped(), contents: { intContents: [1], bytesContents: [bytes("a")] } }]),
  ],
  ["is raw and typed", response([bytesOutput("text", "a")], [bytes("\x01\0\0\0a")])],
  ["has fewer raw contents than outputs", response([untyped(), bytesOutput("model", "m")], [bytes("a")])],
  ["has more raw contents than outputs", response([untyped()], [bytes("a"), bytes("b")])],
  ["has a length that is too large", response([untyped()], [bytes("\x09\0\0\0Hi")])],
  ["has a length that is too small", response([untyped()], [bytes("\x01\0\0\0Hi")])],
  ["has a length of 4 GB", response([untyped()], [bytes("\xff\xff\xff\xffHi")])],
  ["has a length that is cut short", response([untyped()], [bytes("\x02\0")])],
];

describe("a text output is refused, by name and without its content, when it", () => {
  for (const [what, message] of malformed) {
    test(what, () => {
      expect(() => readBytesOutput(message, "text")).toThrow(MalformedTensor);
      expect(() => readBytesOutput(message, "text")).toThrow(/^Output tensor "text" [a-zBYTES ]+\.$/);
    });
  }
});

const integer = (datatype: string, contents?: Fields): Fields => ({
  name: "text",
  datatype,
  shape: [1],
  contents,
});
const raw = (hex: string) => [Buffer.from(hex, "hex")];

describe("an integer output", () => {
  const cases: readonly [string, ReturnType<typeof response>, number][] = [
    ["INT32, typed", response([integer("INT32", { intContents: [-5] })]), -5],
    ["INT64, typed", response([integer("INT64", { int64Contents: [4_096] })]), 4_096],
    ["UINT32, typed", response([integer("UINT32", { uintContents: [4_294_967_295] })]), 4_294_967_295],
    ["INT32, raw", response([integer("INT32")], raw("fbffffff")), -5],
    ["INT64, raw", response([integer("INT64")], raw("0010000000000000")), 4_096],
    ["UINT64, raw", response([integer("UINT64")], raw("0010000000000000")), 4_096],
  ];

  for (const [what, message, value] of cases) {
    test(`of ${what} is read`, () => {
      expect(readIntegerOutput(message, "text")).toBe(value);
    });
  }

  test("of the wrong size or datatype is refused", () => {
    expect(() => readIntegerOutput(response([integer("INT32")], raw("00")), "text")).toThrow(MalformedTensor);
    expect(() => readIntegerOutput(response([bytesOutput("text", "5")]), "text")).toThrow(MalformedTensor);
  });
});

const floats = (datatype: string, shape: readonly number[], contents?: Fields): Fields => ({
  name: "text",
  datatype,
  shape,
  contents,
});

describe("a floating-point output", () => {
  const cases: readonly [string, ReturnType<typeof response>, readonly number[]][] = [
    ["FP32, typed", response([floats("FP32", [2], { fp32Contents: [0.5, -1] })]), [0.5, -1]],
    ["FP64, typed", response([floats("FP64", [1, 2], { fp64Contents: [0.5, -1] })]), [0.5, -1]],
    ["FP32, raw", response([floats("FP32", [1, 2])], raw("0000003f000080bf")), [0.5, -1]],
    ["FP64, raw", response([floats("FP64", [1])], raw("000000000000e03f")), [0.5]],
    ["FP16, raw", response([floats("FP16", [2])], raw("003800bc")), [0.5, -1]],
    ["BF16, raw", response([floats("BF16", [2])], raw("003f80bf")), [0.5, -1]],
    ["no element", response([floats("FP32", [0, 5])]), []],
  ];
  for (const [what, message, values] of cases) {
    test(`of ${what} is read`, () => {
      expect([...(readFloatOutput(message, "text") ?? [])]).toEqual([...values]);
    });
  }

  const wrong: readonly [string, ReturnType<typeof response>][] = [
    ["an integer datatype", response([floats("INT32", [1], { intContents: [1] })])],
    ["more elements than data", response([floats("FP32", [3], { fp32Contents: [1] })])],
    ["a shape of terabytes", response([floats("FP32", [2 ** 40])], raw("0000003f"))],
    ["a shape that overflows", response([floats("FP32", [2 ** 62, 2 ** 62])], raw("0000003f"))],
    ["half an element", response([floats("FP32", [1])], raw("0000"))],
    ["typed FP16", response([floats("FP16", [1], { fp32Contents: [1] })])],
  ];
  for (const [what, message] of wrong) {
    test(`of ${what} is refused`, () => {
      expect(() => readFloatOutput(message, "text")).toThrow(MalformedTensor);
    });
  }
});

describe("an output of several elements", () => {
  const texts = (message: ReturnType<typeof response>, most = 4) =>
    readBytesOutputs(message, "text", most)?.map((element) => Buffer.from(element).toString());
  const several: readonly [string, ReturnType<typeof response>, readonly string[]][] = [
    ["typed", response([twoElements]), ["a", "b"]],
    ["raw", response([untyped([2, 1])], [bytes("\x01\0\0\0a\x02\0\0\0bc")]), ["a", "bc"]],
    ["raw and empty", response([untyped([2])], [bytes("\0\0\0\0\0\0\0\0")]), ["", ""]],
    ["of one, without a length", response([untyped()], [bytes("Hello")]), ["Hello"]],
    ["of none", response([untyped([0])], [bytes("")]), []],
  ];
  for (const [what, message, elements] of several) {
    test(`${what} is read`, () => {
      expect(texts(message)).toEqual([...elements]);
    });
  }

  const wrong: readonly [string, ReturnType<typeof response>][] = [
    ["more elements than are wanted", response([untyped([5])], [bytes("\0\0\0\0".repeat(5))])],
    ["fewer elements than its shape", response([untyped([2])], [bytes("\x01\0\0\0a")])],
    ["more data than its shape", response([untyped([2])], [bytes("\x01\0\0\0a\x01\0\0\0b!")])],
    ["a length past its end", response([untyped([2])], [bytes("\x01\0\0\0a\x09\0\0\0b")])],
    ["a length of 4 GB", response([untyped([2])], [bytes("\xff\xff\xff\xffab\0\0\0\0")])],
    ["a negative shape", response([untyped([-2])], [bytes("\x01\0\0\0a")])],
  ];
  for (const [what, message] of wrong) {
    test(`of ${what} is refused`, () => {
      expect(() => texts(message)).toThrow(MalformedTensor);
    });
  }

  test("may be integers, of which there may be none, but not too many", () => {
    const three = response([floats("UINT32", [3], { uintContents: [1, 2, 3] })]);

    expect(readIntegerOutputs(three, "text", 3)).toEqual([1, 2, 3]);
    expect(() => readIntegerOutputs(three, "text", 2)).toThrow(MalformedTensor);
    expect(readIntegerOutputs(response([floats("INT8", [2])], raw("01ff")), "text", 2)).toEqual([1, -1]);
  });
});

const loose = (message: ReturnType<typeof response>) =>
  Buffer.from(readLooseBytesOutput(message, "text") ?? bytes("absent")).toString();

describe("a text however it is declared", () => {
  test("is read from BYTES and from numbers", () => {
    expect(loose(response([untyped()], [bytes("Hello")]))).toBe("Hello");
    expect(loose(response([untyped([5], "UINT8")], [bytes("Hello")]))).toBe("Hello");
    expect(loose(response([{ ...untyped([2], "UINT8"), contents: { uintContents: [72, 105] } }]))).toBe("Hi");
  });

  test("is not read from other numbers", () => {
    expect(() => loose(response([untyped([1], "FP32")], [bytes("Hell")]))).toThrow(MalformedTensor);
  });
});
