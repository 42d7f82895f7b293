import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Model, ModelList } from "../../../src/api/models/schema.ts";
import { jsonOf, startApp } from "../../support/app.ts";
import type { ModelBody } from "../../support/openai-wire.ts";
import { scripted } from "../../support/scripted.ts";

const backend = scripted([], {
  models: [
    { id: "org/name", ownedBy: "org", contextTokens: 4_096, aliases: ["other/alias"] },
    { id: "a:b 100%", ownedBy: "org" },
  ],
});

test("the list has every model, the same each time", async () => {
  await using app = startApp([backend]);

  const first: unknown = await (await app.get("/v1/models")).json();
  const second: unknown = await (await app.get("/v1/models")).json();

  expect(Value.Check(ModelList, first)).toBe(true);
  expect(second).toEqual(first);
  expect(first).toMatchObject({
    object: "list",
    data: [
      { id: "org/name", object: "model", owned_by: "org", context_window: 4_096 },
      { id: "a:b 100%", object: "model", owned_by: "org" },
    ],
  });
});

const paths: [string, string, string][] = [
  ["with a slash as it is", "/v1/models/org/name", "org/name"],
  ["with a slash percent-encoded", "/v1/models/org%2Fname", "org/name"],
  ["with other characters", "/v1/models/a:b%20100%25", "a:b 100%"],
  ["without /v1", "/models/org/name", "org/name"],
  ["that is an alias, as the client sent it", "/v1/models/other%2Falias", "other/alias"],
];

for (const [what, path, id] of paths) {
  test(`a model is found by an id ${what}`, async () => {
    await using app = startApp([backend]);

    const response = await app.get(path);
    const model = await jsonOf<ModelBody>(response);

    expect(response.status).toBe(200);
    expect(Value.Check(Model, model)).toBe(true);
    expect(model.id).toBe(id);
  });
}

for (const [what, path] of [
  ["that is unknown", "/v1/models/nope"],
  ["that is not well encoded", "/v1/models/%E0%A4"],
] as const) {
  test(`an id ${what} is 404 with the model's code`, async () => {
    await using app = startApp([backend]);

    const response = await app.get(path);

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "model_not_found", param: "model" },
    });
  });
}

test("a model cannot be deleted", async () => {
  await using app = startApp([backend]);

  const response = await fetch(`${app.url}/v1/models/org%2Fname`, { method: "DELETE" });

  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toContain("GET");
  expect((await app.get("/v1/models/org/name")).status).toBe(200);
});

test("with keys configured the models need one", async () => {
  await using app = startApp([backend], { keys: ["secret-key-0123456789"] });

  expect((await app.get("/v1/models")).status).toBe(401);
  expect((await app.get("/v1/models", { authorization: "Bearer secret-key-0123456789" })).status).toBe(200);
});

describe("clients of Anthropic's", () => {
  const speaks = { "anthropic-version": "2023-06-01" };
  const many = scripted([], {
    models: ["a", "b", "c", "d", "e"].map((id) => ({ id, ownedBy: "org", contextTokens: 4_096 })),
  });

  test("see a model in their form", async () => {
    await using app = startApp([many]);

    const response = await app.get("/v1/models/a", speaks);

    expect(await response.json()).toEqual({
      type: "model",
      id: "a",
      display_name: "a",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      lifecycle: "active",
      deprecated_at: null,
      retires_at: null,
      line: null,
      max_input_tokens: 4_096,
      max_tokens: null,
      capabilities: null,
    });
    expect(response.headers.get("vary")).toContain("anthropic-version");
  });

  for (const [query, ids, hasMore] of [
    ["", "abcde", false],
    ["?limit=2", "ab", true],
    ["?limit=2&after_id=b", "cd", true],
    ["?limit=2&after_id=d", "e", false],
    ["?after_id=e", "", false],
    ["?limit=2&before_id=d", "bc", true],
    ["?limit=2&before_id=c", "ab", false],
  ] as const) {
    test(`see the part of the list that ${query || "no query"} asks for`, async () => {
      await using app = startApp([many]);

      const page = await jsonOf<{ data: { id: string }[] }>(await app.get(`/v1/models${query}`, speaks));

      expect(page.data.map(({ id }) => id).join("")).toBe(ids);
      expect(page).toMatchObject({
        has_more: hasMore,
        first_id: ids.at(0) ?? null,
        last_id: ids.at(-1) ?? null,
      });
    });
  }

  for (const [path, status, type] of [
    ["/v1/models?limit=0", 400, "invalid_request_error"],
    ["/v1/models?limit=many", 400, "invalid_request_error"],
    ["/v1/models?after_id=nope", 400, "invalid_request_error"],
    ["/v1/models/nope", 404, "not_found_error"],
  ] as const) {
    test(`see what is wrong with ${path} in their form`, async () => {
      await using app = startApp([many]);

      const response = await app.get(path, speaks);

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ type: "error", error: { type } });
    });
  }
});
