import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { createListQuery, createQuery } from "../../../src/api/common/query.ts";
import { failureOf } from "../../support/failure.ts";

const list = createListQuery({ order: "desc" });

function requestOf(query: string): Request {
  return new Request(`http://localhost/v1/things${query}`);
}

test("a list without parameters has its own order and twenty of them", () => {
  expect(list.decode(requestOf(""))).toEqual({ limit: 20, order: "desc" });
});

test("what is asked for is read, and what is not described is passed over", () => {
  expect(list.decode(requestOf("?limit=100&order=asc&after=thing%2F1&model=m&include[]=a"))).toEqual({
    limit: 100,
    order: "asc",
    after: "thing/1",
  });
});

describe("is refused:", () => {
  for (const [query, param, code] of [
    ["limit=0", "limit", "integer_below_min_value"],
    ["limit=-1", "limit", "integer_below_min_value"],
    ["limit=101", "limit", "integer_above_max_value"],
    ["limit=99999999999999999999", "limit", "invalid_type"],
    ["limit=1.5", "limit", "invalid_type"],
    ["limit=ten", "limit", "invalid_type"],
    ["limit=", "limit", "invalid_type"],
    ["order=up", "order", "invalid_value"],
    ["after=", "after", "string_below_min_length"],
    [`after=${"x".repeat(513)}`, "after", "string_above_max_length"],
  ] as const) {
    test(query.slice(0, 32), async () => {
      const decoding = Promise.try(() => list.decode(requestOf(`?${query}`)));

      expect(await failureOf(decoding)).toMatchObject({ kind: "invalid_request", param, code });
    });
  }
});

test("integers and booleans are read as such", () => {
  const query = createQuery({
    stream: Type.Optional(Type.Boolean()),
    starting_after: Type.Optional(Type.Integer({ description: "The last one seen." })),
  });

  expect(query.decode(requestOf("?stream=true&starting_after=2"))).toEqual({
    stream: true,
    starting_after: 2,
  });
  expect(structuredClone(query.documented)).toEqual([
    { name: "stream", in: "query", schema: { type: "boolean" } },
    { name: "starting_after", in: "query", description: "The last one seen.", schema: { type: "integer" } },
  ]);
});
