import { expect, spyOn, test } from "bun:test";
import * as fc from "fast-check";
import protobuf from "protobufjs";
import { encodeInferRequest } from "../../../../src/drivers/kserve/codec/encode.ts";
import {
  encodeModelRequest,
  encodeRepositoryIndexRequest,
} from "../../../../src/drivers/kserve/codec/encode-server.ts";
import type {
  InferRequest,
  InputTensor,
  ParameterValue,
} from "../../../../src/drivers/kserve/codec/messages.ts";
import { decodeMessage } from "../../../support/kserve-messages.ts";
import { oracleFields } from "../../../support/kserve-oracle.ts";

const text = fc.string({ unit: "grapheme", maxLength: 300 });
const integer = fc.maxSafeInteger();
const parameter = fc.oneof(
  fc.boolean(),
  integer,
  text,
  // A whole number travels as an integer, which has no negative zero.
  fc.double().map((value) => (value === 0 ? 0 : value)),
  fc.constant(undefined),
);
const list = <T>(element: fc.Arbitrary<T>) => fc.array(element, { maxLength: 4 });
/** Around the size from which on a value is not copied at once. */
const large = fc
  .integer({ min: 4_000, max: 5_000 })
  .map((length) => new Uint8Array(length).fill(length % 256));
const contents = fc.record(
  {
    bools: list(fc.boolean()),
    ints: list(fc.integer()),
    int64s: list(integer),
    uints: list(fc.nat({ max: 4_294_967_295 })),
    uint64s: list(fc.nat({ max: Number.MAX_SAFE_INTEGER })),
    fp32s: list(fc.float()),
    fp64s: list(fc.double()),
    bytes: list(fc.oneof(fc.uint8Array({ maxLength: 300 }), large)),
  },
  { requiredKeys: [] },
);
const input = fc.record({ name: text, datatype: text, shape: list(integer), contents });
const parameters = fc
  .array(fc.tuple(text, parameter), { maxLength: 3 })
  .map((entries) => new Map<string, ParameterValue>(entries));
const request: fc.Arbitrary<InferRequest> = fc.record({
  modelName: text,
  modelVersion: text,
  id: text,
  parameters,
  inputs: list(input),
});

test("what is written is what protobufjs reads", () => {
  fc.assert(
    fc.property(request, (sent) => {
      const received = decodeMessage("ModelInferRequest", encodeInferRequest(sent));

      expect(received).toEqual(expected(sent));
    }),
    { numRuns: 1_000 },
  );
}, 60_000);

test("AnyServe's variant of the protocol reads the same request", async () => {
  const root = await protobuf.load(new URL("../../../../proto/anyserve.proto", import.meta.url).pathname);
  const type = root.lookupType("inference.ModelInferRequest");
  const prompt = { name: "prompt", datatype: "BYTES", shape: [1], contents: { bytes: [Buffer.from("Hi")] } };

  const bytes = encodeInferRequest({ modelName: "generate", modelVersion: "llamacpp", inputs: [prompt] });

  expect(type.toObject(type.decode(bytes), { longs: Number })).toEqual({
    modelName: "generate",
    modelVersion: "llamacpp",
    inputs: [
      { name: "prompt", datatype: "BYTES", shape: [1], contents: { bytesContents: [Buffer.from("Hi")] } },
    ],
  });
});

/** Tensors of every datatype that can be raw, with what their raw contents are. */
const rawCases: readonly [datatype: string, contents: InputTensor["contents"], hex: string][] = [
  ["BYTES", { bytes: [Buffer.from("Hi"), Buffer.from("")] }, "02000000486900000000"],
  ["BOOL", { bools: [true, false] }, "0100"],
  ["INT8", { ints: [-1, 2] }, "ff02"],
  ["INT16", { ints: [-2] }, "feff"],
  ["INT32", { ints: [-5, 5] }, "fbffffff05000000"],
  ["INT64", { int64s: [-5, 4_096] }, "fbffffffffffffff0010000000000000"],
  ["UINT8", { uints: [255] }, "ff"],
  ["UINT16", { uints: [513] }, "0102"],
  ["UINT32", { uints: [4_294_967_295] }, "ffffffff"],
  ["UINT64", { uint64s: [4_096] }, "0010000000000000"],
  ["FP32", { fp32s: [1.5] }, "0000c03f"],
  ["FP64", { fp64s: [-2] }, "00000000000000c0"],
  ["BYTES", {}, ""],
];

for (const [datatype, typed, hex] of rawCases) {
  test(`${datatype} is sent raw as ${hex === "" ? "nothing" : hex}`, () => {
    const inputs = [{ name: "x", datatype, shape: [1], contents: typed }];

    const bytes = encodeInferRequest({ modelName: "m", modelVersion: "", inputs, rawContents: true });

    expect(decodeMessage("ModelInferRequest", bytes)).toEqual({
      modelName: "m",
      inputs: [{ name: "x", datatype, shape: [1] }],
      outputs: [],
      rawInputContents: [Buffer.from(hex, "hex")],
    });
  });
}

test("raw contents come one for each input, in order, and no input has typed ones", () => {
  fc.assert(
    fc.property(list(fc.oneof(fc.uint8Array({ maxLength: 300 }), large)), (elements) => {
      const inputs = elements.map((element) => bytesTensor(element));

      const received = decodeMessage(
        "ModelInferRequest",
        encodeInferRequest({ modelName: "m", modelVersion: "", inputs, rawContents: true }),
      );

      expect(received["rawInputContents"]).toEqual(elements.map(withLength));
      expect(JSON.stringify(received["inputs"])).not.toContain("contents");
    }),
  );
});

test("a datatype without raw contents is refused by its input's name", () => {
  const inputs = [{ name: "weights", datatype: "FP16", shape: [1], contents: { fp32s: [1] } }];

  expect(() => encodeInferRequest({ modelName: "m", modelVersion: "", inputs, rawContents: true })).toThrow(
    'input "weights" has a datatype without raw contents',
  );
});

for (const rawContents of [false, true]) {
  test(`a large value is copied once when it is sent ${rawContents ? "raw" : "typed"}`, () => {
    const prompt = new Uint8Array(8 * 1_048_576).fill(97);
    const copied = countCopies(prompt.length, () =>
      encodeInferRequest({ modelName: "m", modelVersion: "", inputs: [bytesTensor(prompt)], rawContents }),
    );

    expect(copied).toBe(1);
  });
}

function bytesTensor(element: Uint8Array): InputTensor {
  return { name: "prompt", datatype: "BYTES", shape: [1], contents: { bytes: [element] } };
}

function withLength(element: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(element.length);
  return Buffer.concat([length, element]);
}

/** How often `work` copies as many bytes as that into another array. */
function countCopies(length: number, work: () => void): number {
  const copy = spyOn(Uint8Array.prototype, "set");
  const slice = spyOn(Uint8Array.prototype, "slice");
  try {
    work();
    const copies = copy.mock.calls.filter(([source]) => source.length >= length);
    return copies.length + slice.mock.calls.length;
  } finally {
    copy.mockRestore();
    slice.mockRestore();
  }
}

test("requests about models and the repository are what protobufjs reads", () => {
  fc.assert(
    fc.property(text, text, fc.boolean(), (name, version, ready) => {
      for (const message of ["ModelMetadataRequest", "ModelConfigRequest", "ModelReadyRequest"]) {
        expect(oracleFields(message, encodeModelRequest(name, version))).toEqual({ name, version });
      }
      expect(oracleFields("RepositoryIndexRequest", encodeRepositoryIndexRequest({ ready }))).toEqual({
        repositoryName: "",
        ready,
      });
    }),
  );
});

function expected(sent: InferRequest): Record<string, unknown> {
  return {
    ...(sent.modelName === "" ? {} : { modelName: sent.modelName }),
    ...(sent.modelVersion === "" ? {} : { modelVersion: sent.modelVersion }),
    ...(sent.id === "" ? {} : { id: sent.id }),
    ...(sent.parameters?.size === 0
      ? {}
      : {
          parameters: Object.fromEntries(
            [...(sent.parameters ?? [])].map(([key, value]) => [key, choice(value)]),
          ),
        }),
    inputs: sent.inputs.map(({ name, datatype, shape, contents: typed }) => ({
      ...(name === "" ? {} : { name }),
      ...(datatype === "" ? {} : { datatype }),
      shape: [...shape],
      contents: {
        boolContents: typed.bools ?? [],
        intContents: typed.ints ?? [],
        int64Contents: typed.int64s ?? [],
        uintContents: typed.uints ?? [],
        uint64Contents: typed.uint64s ?? [],
        fp32Contents: typed.fp32s ?? [],
        fp64Contents: typed.fp64s ?? [],
        bytesContents: (typed.bytes ?? []).map((bytes) => Buffer.from(bytes)),
      },
    })),
    outputs: [],
    rawInputContents: [],
  };
}

function choice(value: ParameterValue): object {
  if (typeof value === "boolean") return { boolParam: value };
  if (typeof value === "string") return { stringParam: value };
  if (value === undefined) return {};
  return Number.isSafeInteger(value) ? { int64Param: value } : { doubleParam: value };
}
