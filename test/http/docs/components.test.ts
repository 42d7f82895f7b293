import { expect, test } from "bun:test";
import { toComponents } from "../../../src/http/docs/components.ts";

test("a schema with a title becomes a component where it is used", () => {
  const part = { title: "Part", type: "string" };

  const components = toComponents({
    Whole: { type: "object", properties: { first: part, rest: { type: "array", items: part } } },
  });

  const reference = { $ref: "#/components/schemas/Part" };
  expect(components).toEqual({
    Part: { title: "Part", type: "string" },
    Whole: { type: "object", properties: { first: reference, rest: { type: "array", items: reference } } },
  });
});

test("a model inside of another is referred to", () => {
  const one = { $id: "#/components/schemas/One", type: "string" };

  const components = toComponents({ Many: { type: "array", items: one }, One: one });

  expect(components).toEqual({
    Many: { type: "array", items: { $ref: "#/components/schemas/One" } },
    One: { type: "string" },
  });
});

test("properties that are called like keywords are left alone", () => {
  const components = toComponents({
    Odd: { type: "object", properties: { title: { type: "string" }, items: { type: "string" } } },
  });

  expect(components).toEqual({
    Odd: { type: "object", properties: { title: { type: "string" }, items: { type: "string" } } },
  });
});

test("two different schemas may not share a title", () => {
  const properties = { a: { title: "Part", type: "string" }, b: { title: "Part", type: "number" } };

  expect(() => toComponents({ Whole: { type: "object", properties } })).toThrow("Part");
});
