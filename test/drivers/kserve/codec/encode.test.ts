import { expect, test } from "bun:test";
import * as fc from "fast-check";
import protobuf from "protobufjs";
import { encodeInferRequest } from "../../../../src/drivers/kserve/codec/encode.ts";
import type { InferRequest, ParameterValue } from "../../../../src/drivers/kserve/codec/messages.ts";
import { decodeMessage } from "../../../support/kserve-messages.ts";

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
