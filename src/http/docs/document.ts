import { swagger } from "@elysiajs/swagger";
import type { TSchema } from "@sinclair/typebox";
import { type AnyElysia, Elysia } from "elysia";
import { isRecord, type JsonRecord } from "../../core/json.ts";
import { documentedPath } from "../path.ts";
import { toComponents } from "./components.ts";

const description = `
A model server, through the API that OpenAI's clients speak.

- Clients need this server's address with \`/v1\` as their base URL, and a key only if the server was given one.
- \`GET /v1/models\` lists what can be asked for.
- Errors have OpenAI's form and name the field at fault.
- A request may have fields that are not described here. What has no effect on the backend is named in the
  \`x-oai-serve-ignored-params\` header of the answer.
`.trim();

const tags = [
  { name: "Chat", description: "Conversations: messages in, the next message out." },
  { name: "Responses", description: "Items in, items out; kept, gone on from, and run in the background." },
  { name: "Conversations", description: "What responses and agents go on from, item by item." },
  { name: "Messages", description: "Conversations, as Anthropic's clients have them." },
  { name: "Completions", description: "The older API: a text in, its continuation out." },
  { name: "Embeddings", description: "Texts as vectors." },
  { name: "Files", description: "What batches read and write." },
  { name: "Batches", description: "Many requests at once, in the background." },
  { name: "Tokens", description: "Texts as tokens, and back." },
  { name: "Models", description: "What can be asked for." },
  { name: "Server", description: "For operators and their tools; none of it needs a key." },
];

export interface Documented {
  /** The application whose routes are described. */
  described: AnyElysia;
  /** By the name under which the routes refer to them. */
  schemas: Readonly<Record<string, TSchema>>;
  version: string;
}

/** The OpenAPI 3.1 document of the routes as JSON text, generated from the schemas that validate. */
export async function createDocument({ described, schemas, version }: Documented): Promise<string> {
  const generated = await generate(described, schemas);
  return JSON.stringify({
    openapi: "3.1.0",
    info: { title: "oai-serve", version, description, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/", description: "This server" }],
    security: [{}, { bearer: [] }],
    tags,
    paths: describePaths(described, generated),
    components: {
      schemas: toComponents(recordAt(recordAt(generated, "components"), "schemas")),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A key of this server, if it was given any." },
      },
    },
  });
}

const documentPath = "/swagger/json";

/** What the plugin makes of the routes. Its own page, which loads scripts from elsewhere, stays in here. */
async function generate(described: AnyElysia, schemas: Documented["schemas"]): Promise<JsonRecord> {
  const app = new Elysia({ normalize: false })
    .model(schemas)
    .use(described)
    .use(swagger({ specPath: documentPath }));
  const response = await app.handle(new Request(`http://localhost${documentPath}`));
  const document: unknown = await response.json();
  if (!isRecord(document)) throw new Error("The OpenAPI document could not be generated.");
  return document;
}

/**
 * The routes in the order they were declared. The plugin leaves wildcards out and says that a body may have types
 * that no route takes; in both cases the route's own description is right.
 */
function describePaths(described: AnyElysia, generated: JsonRecord): JsonRecord {
  const generatedPaths = recordAt(generated, "paths");
  const paths: Record<string, JsonRecord> = {};
  for (const { path, method, hooks } of described.routes) {
    const detail: unknown = hooks?.detail;
    if (!isRecord(detail) || detail["hide"] === true) continue;
    const documented = documentedPath(path, pathParameter(detail) ?? "path");
    const verb = method.toLowerCase();
    const operation = { ...recordAt(recordAt(generatedPaths, documented), verb), ...detail };
    paths[documented] = { ...paths[documented], [verb]: operation };
  }
  return paths;
}

function pathParameter(detail: JsonRecord): string | undefined {
  const parameters = Array.isArray(detail["parameters"]) ? detail["parameters"].filter(isRecord) : [];
  const name = parameters.find((parameter) => parameter["in"] === "path")?.["name"];
  return typeof name === "string" ? name : undefined;
}

/** The record under `key`, or an empty one. */
function recordAt(record: JsonRecord, key: string): JsonRecord {
  const value = record[key];
  return isRecord(value) ? value : {};
}
