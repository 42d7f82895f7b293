import * as fc from "fast-check";

const name = fc.oneof(
  fc.constantFrom("text", "token", "finish_reason", "BYTES"),
  fc.string({ unit: "grapheme", maxLength: 40 }),
);
const byteString = fc.uint8Array({ maxLength: 40 });
const some = <T>(element: fc.Arbitrary<T>) => fc.array(element, { maxLength: 4 });
const bigint = (minimum: bigint, maximum: bigint) =>
  fc.bigInt({ min: minimum, max: maximum }).map((value) => value.toString());
const int64 = bigint(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = bigint(0n, 2n ** 64n - 1n);

const parameter = fc.oneof(
  fc.record({ boolParam: fc.boolean() }),
  fc.record({ int64Param: int64 }),
  fc.record({ stringParam: name }),
  fc.record({ doubleParam: fc.double() }),
  fc.record({ uint64Param: uint64 }),
  fc.constant({}),
);
const parameters = fc.dictionary(name, parameter, { maxKeys: 3 });
const contents = fc.record(
  {
    boolContents: some(fc.boolean()),
    intContents: some(fc.integer()),
    int64Contents: some(int64),
    uintContents: some(fc.nat({ max: 4_294_967_295 })),
    uint64Contents: some(uint64),
    fp32Contents: some(fc.float()),
    fp64Contents: some(fc.double()),
    bytesContents: some(byteString),
  },
  { requiredKeys: [] },
);
const output = fc.record(
  { name, datatype: name, shape: some(int64), parameters, contents },
  { requiredKeys: [] },
);
const inferResponse = fc.record(
  {
    modelName: name,
    modelVersion: name,
    id: name,
    parameters,
    outputs: some(output),
    rawOutputContents: some(byteString),
  },
  { requiredKeys: [] },
);

const tensor = fc.record({ name, datatype: name, shape: some(int64) }, { requiredKeys: [] });
const modelConfig = fc.record(
  {
    platform: name,
    backend: name,
    maxBatchSize: fc.integer(),
    input: some(fc.record({ name, optional: fc.boolean() }, { requiredKeys: [] })),
    parameters: fc.dictionary(name, fc.record({ stringValue: name }, { requiredKeys: [] }), { maxKeys: 3 }),
    modelTransactionPolicy: fc.record({ decoupled: fc.boolean() }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

/** Generates each message that the driver reads. */
export const arbitraryMessages: Readonly<Record<string, fc.Arbitrary<object>>> = {
  ModelInferResponse: inferResponse,
  ModelStreamInferResponse: fc.record({ errorMessage: name, inferResponse }, { requiredKeys: [] }),
  ServerReadyResponse: fc.record({ ready: fc.boolean() }),
  ServerMetadataResponse: fc.record({ name, version: name, extensions: some(name) }, { requiredKeys: [] }),
  ModelMetadataResponse: fc.record(
    { name, versions: some(name), platform: name, inputs: some(tensor), outputs: some(tensor) },
    { requiredKeys: [] },
  ),
  ModelConfigResponse: fc.record({ config: modelConfig }, { requiredKeys: [] }),
  RepositoryIndexResponse: fc.record({
    models: some(fc.record({ name, version: name, state: name, reason: name }, { requiredKeys: [] })),
  }),
};

/** A `ModelInferResponse` with at least one field that tells it from a `ModelStreamInferResponse`. */
export const arbitraryBareResponse = inferResponse.filter(
  ({ id = "", parameters: named = {}, outputs = [], rawOutputContents = [] }) =>
    id !== "" || Object.keys(named).length > 0 || outputs.length > 0 || rawOutputContents.length > 0,
);

export type Damage = (message: Uint8Array) => Uint8Array;

const at = fc.nat();
const flip: fc.Arbitrary<Damage> = fc.tuple(at, fc.nat({ max: 7 })).map(([index, bit]) => (whole) => {
  const damaged = Uint8Array.from(whole);
  const position = index % Math.max(1, damaged.length);
  damaged[position] = (damaged[position] ?? 0) ^ (1 << bit);
  return damaged;
});
const cut: fc.Arbitrary<Damage> = at.map((index) => (whole) => whole.subarray(0, index % (whole.length + 1)));
const overwrite: fc.Arbitrary<Damage> = fc.tuple(at, byteString).map(([index, piece]) => (whole) => {
  const position = index % (whole.length + 1);
  return Buffer.concat([whole.subarray(0, position), piece, whole.subarray(position + piece.length)]);
});
const insert: fc.Arbitrary<Damage> = fc.tuple(at, byteString).map(([index, piece]) => (whole) => {
  const position = index % (whole.length + 1);
  return Buffer.concat([whole.subarray(0, position), piece, whole.subarray(position)]);
});
/** One to three changes that a broken server or line might make. */
export const arbitraryDamages = fc.array(fc.oneof(flip, flip, cut, overwrite, insert), {
  minLength: 1,
  maxLength: 3,
});

/** Bytes that look like fields: tags of all wire types, lengths, groups. */
export const arbitraryWireNoise = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 7 }))
        .map(([field, type]) => [field * 8 + type]),
      fc.constantFrom([0x80], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x07], [0], [1], [2]),
      fc.uint8Array({ maxLength: 12 }).map((piece) => [...piece]),
    ),
    { maxLength: 24 },
  )
  .map((pieces) => Uint8Array.from(pieces.flat()));
