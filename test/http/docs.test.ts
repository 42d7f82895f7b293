import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { withoutLogo } from "../../src/http/docs/redoc-logo.ts";
import { collectRecords, readDocument, type ApiDocument } from "./docs/api-document.ts";
import { checkClient, generateClient } from "./docs/generated-client.ts";
import { startDocsServer, type DocsServer } from "./docs/server.ts";

let server: DocsServer;
let document: ApiDocument;
beforeAll(async () => {
  server = startDocsServer("1.2.3");
  document = await readDocument(server.url);
});
afterAll(() => server.stop());

describe("The OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate({ ...structuredClone(document) });

    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "oai-serve", version: "1.2.3", license: { name: "MIT" } },
      servers: [{ url: "/" }],
    });
  });

  test("has every route of the server and none of its own", () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );

    expect(operations).toEqual([
      "post /v1/chat/completions",
      "get /v1/chat/completions",
      "get /v1/chat/completions/{completion}",
      "post /v1/chat/completions/{completion}",
      "delete /v1/chat/completions/{completion}",
      "get /v1/chat/completions/{completion}/messages",
      "post /v1/responses",
      "post /v1/responses/input_tokens",
      "post /v1/responses/compact",
      "get /v1/responses/{id}",
      "delete /v1/responses/{id}",
      "post /v1/responses/{id}/cancel",
      "get /v1/responses/{id}/input_items",
      "post /v1/conversations",
      "get /v1/conversations/{id}",
      "post /v1/conversations/{id}",
      "delete /v1/conversations/{id}",
      "post /v1/conversations/{id}/items",
      "get /v1/conversations/{id}/items",
      "get /v1/conversations/{id}/items/{item}",
      "delete /v1/conversations/{id}/items/{item}",
      "post /v1/messages",
      "post /v1/messages/count_tokens",
      "post /v1/completions",
      "post /v1/embeddings",
      "post /v1/files",
      "get /v1/files",
      "get /v1/files/{id}",
      "delete /v1/files/{id}",
      "get /v1/files/{id}/content",
      "post /v1/batches",
      "get /v1/batches",
      "get /v1/batches/{id}",
      "post /v1/batches/{id}/cancel",
      "post /v1/tokenize",
      "post /v1/detokenize",
      "get /v1/models",
      "get /v1/models/{model}",
      "get /",
      "get /live",
      "get /health",
      "get /ready",
    ]);
  });

  test("describes every operation and every answer", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

    for (const operation of operations) {
      // A copy: Bun writes matchers into the object it compares.
      expect(structuredClone(operation)).toMatchObject({
        operationId: expect.stringMatching(/^\w+$/),
        summary: expect.stringMatching(/\S/),
        tags: [expect.stringMatching(/\S/)],
      });
      for (const response of Object.values(operation.responses)) expect(response.description).toMatch(/\S/);
    }
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  test("takes JSON bodies only, but for files", () => {
    const { "/v1/files": files, ...others } = document.paths;
    const bodies = Object.values(others).flatMap((methods) =>
      Object.values(methods).flatMap(({ requestBody }) => (requestBody === undefined ? [] : [requestBody])),
    );

    expect(bodies.length).toBeGreaterThan(5);
    expect(new Set(bodies.flatMap(({ content }) => Object.keys(content)))).toEqual(
      new Set(["application/json"]),
    );
    expect(Object.keys(files?.["post"]?.requestBody?.content ?? {})).toEqual(["multipart/form-data"]);
  });

  test("keeps nothing of the libraries that made it", () => {
    const keywords = new Set(
      collectRecords(document.components.schemas).flatMap((schema) => Object.keys(schema)),
    );

    expect(keywords).not.toContain("$id");
    expect(keywords).not.toContain("patternProperties");
    expect(JSON.stringify(document)).not.toMatch(/elysia|typebox/i);
  });

  test("refers only to schemas that it has", () => {
    const references = collectRecords(document).flatMap(({ $ref }) =>
      typeof $ref === "string" ? [$ref] : [],
    );

    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(references).toContain("#/components/schemas/ChatMessage");
    expect(references.filter((reference) => !known.includes(reference))).toEqual([]);
  });

  test("has an example for every JSON body and answer, and each follows its schema", () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: "document", components: document.components });
    const contents = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ requestBody, responses }) =>
        [...Object.values(responses), ...(requestBody === undefined ? [] : [requestBody])].flatMap(
          ({ content }) => content["application/json"] ?? [],
        ),
      ),
    );

    expect(contents.length).toBeGreaterThan(20);
    for (const { schema, example, examples } of contents) {
      const validate = ajv.compile({ $ref: `document${schema.$ref}` });
      const values = [
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples ?? {}).map(({ value }) => value),
      ];
      expect(values).not.toBeEmpty();
      for (const value of values) {
        validate(value);
        expect({ schema: schema.$ref, errors: validate.errors }).toEqual({
          schema: schema.$ref,
          errors: null,
        });
      }
    }
  });
});

describe("A client generated from it", () => {
  let client: string;
  beforeAll(async () => {
    client = await generateClient(document);
  });

  test("has the types that a program needs", async () => {
    const problems = await checkClient(
      client,
      `
      const request: components["schemas"]["ChatCompletionRequest"] = {
        model: "demo",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: [{ type: "text", text: "Hello" }, { type: "image_url", image_url: { url: "data:," } }] },
          { role: "assistant", tool_calls: [{ type: "function", id: "1", function: { name: "f", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "1", content: "42" },
        ],
        tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
        tool_choice: "auto",
        response_format: { type: "json_object" },
        stop: ["a", "b"],
        stream: false,
      };
      type Answer = paths["/v1/chat/completions"]["post"]["responses"]["200"]["content"]["application/json"];
      export async function ask(fetchJson: (body: string) => Promise<Answer>): Promise<string | null | undefined> {
        const answer = await fetchJson(JSON.stringify(request));
        const total: number = answer.usage.total_tokens;
        const call = answer.choices[0]?.message.tool_calls?.[0];
        if (call?.type === "function") return call.function.arguments + String(total);
        return answer.choices[0]?.message.content;
      }
      export const path: operations["retrieveModel"]["parameters"]["path"] = { model: "org/model" };
      `,
    );

    expect(problems).toBe("");
  });

  const mistakes = [
    ["a role that does not exist", `{ messages: [{ role: "robot", content: "Hello" }] }`],
    ["a request without messages", `{ model: "demo" }`],
    ["a text where a number is due", `{ messages: [], temperature: "hot" }`],
    ["a field that is misspelt", `{ messages: [], temprature: 1 }`],
  ] as const;
  test.each(mistakes)("refuses %s", async (_, literal) => {
    const problems = await checkClient(
      client,
      `export const request: components["schemas"]["ChatCompletionRequest"] = ${literal};`,
    );

    expect(problems).toContain("error TS");
  });
});

describe("The pages", () => {
  const pages = ["/docs", "/docs/", "/redoc", "/redoc/"];

  test.each(pages)("%s comes with headers that let nothing else in", async (path) => {
    const answer = await fetch(`${server.url}${path}`);

    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "x-frame-options": "DENY",
    });
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none'; script-src 'self'; ");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
  });

  test.each(pages)("%s loads files that are there, without a line of script in it", async (path) => {
    const html = await (await fetch(`${server.url}${path}`)).text();

    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(sources.length).toBeGreaterThanOrEqual(3);
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
    for (const source of sources) {
      const answer = await fetch(new URL(source, `${server.url}${path}`));
      expect({ source, status: answer.status, isEmpty: (await answer.bytes()).length === 0 }).toEqual({
        source,
        status: 200,
        isEmpty: false,
      });
    }
  });

  const files = [
    ["/openapi.json", "application/json"],
    ["/docs/page.js", "text/javascript; charset=utf-8"],
    ["/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
    ["/docs/swagger-ui.css", "text/css; charset=utf-8"],
    ["/docs/favicon.png", "image/png"],
    ["/docs/LICENSE", "text/plain; charset=utf-8"],
    ["/redoc/redoc.standalone.js", "text/javascript; charset=utf-8"],
  ] as const;
  test.each(files)("%s has its type, and is sent once", async (path, contentType) => {
    const first = await fetch(`${server.url}${path}`, { headers: { "accept-encoding": "identity" } });
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(`${server.url}${path}`, { headers: { "if-none-match": `"other", ${etag}` } });
    const stale = await fetch(`${server.url}${path}`, { headers: { "if-none-match": '"other"' } });

    expect(first.headers.get("content-type")).toBe(contentType);
    expect(first.headers.get("content-encoding")).toBeNull();
    expect(first.headers.get("cache-control")).toBe("no-cache");
    expect(etag).toMatch(/^W\/"\w+"$/);
    expect({ status: again.status, body: await again.text() }).toEqual({ status: 304, body: "" });
    expect(stale.status).toBe(200);
  });

  const encodings = [
    ["gzip, br", true],
    ["br;q=1.0, gzip;q=0.8", true],
    ["gzip;q=0", false],
    ["identity", false],
    ["xgzip", false],
  ] as const;
  test.each(encodings)("a client that accepts %p gets gzip: %p", async (accepted, isPacked) => {
    const plain = await fetch(`${server.url}/docs/swagger-ui.css`, {
      headers: { "accept-encoding": "identity" },
    });
    const answer = await fetch(`${server.url}/docs/swagger-ui.css`, {
      headers: { "accept-encoding": accepted },
      decompress: false,
    });

    const bytes = await answer.bytes();
    expect(answer.headers.get("content-encoding")).toBe(isPacked ? "gzip" : null);
    expect(answer.headers.get("vary")).toContain("accept-encoding");
    expect(Bun.hash(isPacked ? gunzipSync(bytes) : bytes)).toBe(Bun.hash(await plain.bytes()));
  });

  test("a HEAD request is answered without a body", async () => {
    const answer = await fetch(`${server.url}/docs`, { method: "HEAD" });

    expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 200, body: "" });
  });

  const absent = [
    "/docs/nothing.js",
    "/docs/../package.json",
    "/docs/%2e%2e/package.json",
    "/docs/page.js/more",
    "/docsx",
  ];
  test.each(absent)("there is no %s", async (path) => {
    const answer = await fetch(`${server.url}${path}`, { headers: server.headers });

    expect(answer.status).toBe(404);
  });

  test("the plugin's own page is out of reach", async () => {
    const answers = await Promise.all(
      ["/swagger", "/swagger/json"].map((path) => fetch(`${server.url}${path}`, { headers: server.headers })),
    );

    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  });

  test("Redoc is sent without the address of its logo", async () => {
    const bundle = await (await fetch(`${server.url}/redoc/redoc.standalone.js`)).text();

    expect(bundle).toContain("redocly logo");
    expect(bundle).not.toMatch(/cdn\.redoc/);
    expect(() => withoutLogo("another bundle")).toThrow();
  });
});
