import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  decodeModelConfig,
  decodeModelMetadata,
  decodeReady,
  decodeRepositoryIndex,
  decodeServerMetadata,
} from "../../../../src/drivers/kserve/codec/decode-server.ts";
import {
  decodeInferResponse,
  decodeStreamInferResponse,
} from "../../../../src/drivers/kserve/codec/decode.ts";
import { MalformedMessage } from "../../../../src/drivers/kserve/codec/wire-reader.ts";
import {
  arbitraryBareResponse,
  arbitraryDamages,
  arbitraryMessages,
  arbitraryWireNoise,
} from "../../../support/kserve-arbitraries.ts";
import { encodeMessage } from "../../../support/kserve-messages.ts";
import {
  messageType,
  oracleConfig,
  oracleFields,
  oracleResponse,
  oracleStream,
  plainConfig,
  plainResponse,
  plainStream,
} from "../../../support/kserve-oracle.ts";

const runs = 1_000;
const timeoutMs = 60_000;

/** What both decoders are compared by: plain values, or the fact that the bytes were rejected. */
type Outcome = { value: unknown } | "rejected";

/** Reads a message into plain values, or throws. */
type Read = (bytes: Uint8Array) => unknown;

const fieldsOf =
  (name: string): Read =>
  (bytes) =>
    oracleFields(name, bytes);

const decoders: readonly [name: string, ours: Read, oracle: Read][] = [
  ["ModelInferResponse", (bytes) => plainResponse(decodeInferResponse(bytes)), oracleResponse],
  ["ModelStreamInferResponse", plainStream, oracleStream],
  ["ServerReadyResponse", (bytes) => ({ ready: decodeReady(bytes) }), fieldsOf("ServerReadyResponse")],
  ["ServerMetadataResponse", decodeServerMetadata, fieldsOf("ServerMetadataResponse")],
  ["ModelMetadataResponse", decodeModelMetadata, fieldsOf("ModelMetadataResponse")],
  ["ModelConfigResponse", (bytes) => plainConfig(decodeModelConfig(bytes)), oracleConfig],
  [
    "RepositoryIndexResponse",
    (bytes) => ({ models: decodeRepositoryIndex(bytes) }),
    fieldsOf("RepositoryIndexResponse"),
  ],
];

for (const [name, decode, read] of decoders) {
  const type = messageType(name);
  const oracle = (bytes: Uint8Array): Outcome => {
    try {
      return { value: read(bytes) };
    } catch {
      return "rejected";
    }
  };
  const ours = (bytes: Uint8Array): Outcome => {
    try {
      return { value: decode(bytes) };
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMessage);
      return "rejected";
    }
  };
  const encoded = arbitraryMessages[name] ?? fc.constant({});
  const valid = encoded.map((fields) => type.encode(type.fromObject(fields)).finish());

  describe(name, () => {
    test(
      "is read as protobufjs reads it",
      () => {
        fc.assert(
          fc.property(valid, (bytes) => {
            expect(ours(bytes)).toEqual(oracle(bytes));
          }),
          { numRuns: runs },
        );
      },
      timeoutMs,
    );

    test(
      "is accepted or rejected as by protobufjs when it is damaged",
      () => {
        fc.assert(
          fc.property(valid, arbitraryDamages, (bytes, damage) => {
            const damaged = damage.reduce((whole, change) => change(whole), bytes);
            expect(ours(damaged)).toEqual(oracle(damaged));
          }),
          { numRuns: runs * 4 },
        );
      },
      timeoutMs,
    );

    test(
      "is accepted or rejected as by protobufjs when it is noise",
      () => {
        fc.assert(
          fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), arbitraryWireNoise), (bytes) => {
            expect(ours(bytes)).toEqual(oracle(bytes));
          }),
          { numRuns: runs * 4 },
        );
      },
      timeoutMs,
    );

    test(
      "given twice in a row is merged as protobufjs merges it",
      () => {
        fc.assert(
          fc.property(valid, valid, (first, second) => {
            const both = Buffer.concat([first, second]);
            expect(ours(both)).toEqual(oracle(both));
          }),
          { numRuns: runs },
        );
      },
      timeoutMs,
    );
  });
}

describe("a message of a stream", () => {
  const wrapped = arbitraryMessages["ModelStreamInferResponse"] ?? fc.constant({});

  test("in its own form is never taken for a bare response", () => {
    fc.assert(
      fc.property(wrapped, (fields) => {
        const bytes = encodeMessage("ModelStreamInferResponse", { ...fields });
        const { errorMessage = "" } = oracleFields("ModelStreamInferResponse", bytes);

        expect(decodeStreamInferResponse(bytes).errorMessage).toBe(errorMessage);
      }),
      { numRuns: runs },
    );
  });

  test("that is a bare response is read as one, and its model's name is no error", () => {
    fc.assert(
      fc.property(arbitraryBareResponse, (fields) => {
        const bytes = encodeMessage("ModelInferResponse", { ...fields });

        const { errorMessage, response } = decodeStreamInferResponse(bytes);

        expect(errorMessage).toBe("");
        expect(response && plainResponse(response)).toEqual(plainResponse(decodeInferResponse(bytes)));
      }),
      { numRuns: runs },
    );
  });

  for (const modelVersion of ["1", "v1", "v0.1.0", "latest"]) {
    test(`with nothing but a name and the version ${modelVersion} is a bare response`, () => {
      const bytes = encodeMessage("ModelInferResponse", { modelName: "text", modelVersion });

      expect(decodeStreamInferResponse(bytes)).toMatchObject({
        errorMessage: "",
        response: { modelVersion },
      });
    });
  }

  test("with nothing but a text is an error", () => {
    const bytes = encodeMessage("ModelStreamInferResponse", { errorMessage: "out of memory" });

    expect(decodeStreamInferResponse(bytes)).toEqual({ errorMessage: "out of memory", response: undefined });
  });
});

const field = (tag: number, length: number, rest: readonly number[] = []) => [
  tag,
  ...varint(length),
  ...rest,
];

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

const repeat = (count: number, ...piece: number[]) => Array.from({ length: count }, () => piece).flat();

const hostile: readonly [string, readonly number[], string][] = [
  ["a length of 2 GB", field(50, 2_147_483_647), "a length passes the end"],
  ["a length of 4 GB", field(50, 4_294_967_295), "a tag or length is out of range"],
  ["a nested length past its parent", field(42, 4, field(42, 100, [0, 0])), "a length passes the end"],
  ["groups nested 101 deep", [...repeat(101, 0x7b), ...repeat(101, 0x7c)], "groups are nested too deeply"],
  ["a group that never ends", [0x7b, 0x08, 0x01], "the message is cut short"],
  ["a varint of eleven bytes", [0x78, ...repeat(10, 0xff), 0x01], "a varint is too long"],
  ["65,537 outputs", repeat(65_537, 42, 0), "too many elements"],
  ["1,048,577 numbers", shapeOf(1_048_577), "too many numbers"],
];

for (const [what, bytes, reason] of hostile) {
  test(`rejects ${what}`, () => {
    const message = Uint8Array.from(bytes);

    expect(() => decodeInferResponse(message)).toThrow(reason);
  });
}

test("accepts what is just within the bounds", () => {
  const message = Uint8Array.from([...repeat(100, 0x7b), ...repeat(100, 0x7c), ...repeat(65_536, 42, 0)]);

  expect(decodeInferResponse(message).outputs).toHaveLength(65_536);
});

function shapeOf(dimensions: number): number[] {
  const shape = field(26, dimensions, repeat(dimensions, 1));
  return field(42, shape.length, shape);
}
