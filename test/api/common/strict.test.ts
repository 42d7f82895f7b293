import { describe, expect, test } from "bun:test";
import { startApp } from "../../support/app.ts";
import { finish, text } from "../../support/events.ts";
import { user } from "../../support/openai-wire.ts";
import { scripted } from "../../support/scripted.ts";

const surfaces = {
  "/v1/chat/completions": user("Hi"),
  "/v1/completions": { prompt: "Hi" },
  "/v1/responses": { input: "Hi" },
  "/v1/embeddings": { input: "Hi" },
} as const;
type Surface = keyof typeof surfaces;

const backend = () =>
  scripted([[text("Hi")], [finish()]], {
    capabilities: { embeddings: { dimensions: true }, extra: new Set(["guided_regex"]) },
    embed: async () => ({ vectors: [new Float32Array([1])] }),
  });

async function statusOf(path: Surface, body: object, strict: boolean): Promise<[number, unknown]> {
  await using app = startApp([backend()], { strict });
  const response = await app.post(path, { ...surfaces[path], ...body });
  return [response.status, await response.json()];
}

const refusal = (code: string, param: string) => ({ error: { type: "invalid_request_error", code, param } });
const all = Object.keys(surfaces).filter((path): path is Surface => path in surfaces);
const generating = all.filter((path) => path !== "/v1/embeddings");

describe("strict, a field that nobody knows is refused by name", () => {
  for (const path of all) {
    test(path, async () => {
      const [status, body] = await statusOf(path, { foo: 1 }, true);

      expect(status).toBe(400);
      expect(body).toMatchObject(refusal("unknown_parameter", "foo"));
    });
  }
});

describe("strict, a fifth stop text is refused", () => {
  for (const path of generating) {
    test(path, async () => {
      const [status, body] = await statusOf(path, { stop: ["a", "b", "c", "d", "e"] }, true);

      expect(status).toBe(400);
      expect(body).toMatchObject(refusal("array_above_max_length", "stop"));
    });
  }
});

describe("is served, strict or not:", () => {
  const bodies = {
    "a field that only this backend knows": { guided_regex: "a+" },
    "what is only for the books": { user: "me" },
    "a null for a field that nobody knows": { foo: null },
  };

  for (const [name, body] of Object.entries(bodies)) {
    for (const path of all) {
      for (const strict of [true, false]) {
        test(`${name}, ${path}, ${strict ? "strict" : "lenient"}`, async () => {
          const [status] = await statusOf(path, body, strict);

          expect(status).toBe(200);
        });
      }
    }
  }

  for (const path of generating) {
    test(`four stop texts, ${path}, strict`, async () => {
      const [status] = await statusOf(path, { stop: ["a", "b", "c", "d"] }, true);

      expect(status).toBe(200);
    });
  }
});

describe("lenient, what strictness refuses is served", () => {
  for (const path of all) {
    test(path, async () => {
      const [status] = await statusOf(path, { foo: 1, stop: ["a", "b", "c", "d", "e"] }, false);

      expect(status).toBe(200);
    });
  }
});
