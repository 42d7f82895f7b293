/** An OpenAPI document, as far as the tests read it. */
export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, ApiOperation>>;
  components: { schemas: Record<string, object> };
}

export interface ApiOperation {
  operationId: string;
  summary: string;
  tags: string[];
  requestBody?: { content: Record<string, ApiContent> };
  responses: Record<string, { description: string; content: Record<string, ApiContent> }>;
}

export interface ApiContent {
  schema: { $ref: string };
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

export async function readDocument(url: string): Promise<ApiDocument> {
  const document: ApiDocument = JSON.parse(await (await fetch(`${url}/openapi.json`)).text());
  return document;
}

/** Every object in a JSON value, at any depth, but those in examples. */
export function collectRecords(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(collectRecords);
  if (typeof value !== "object" || value === null) return [];
  const record: Record<string, unknown> = { ...value };
  const inner = Object.entries(record).filter(([key]) => key !== "example" && key !== "examples");
  return [record, ...inner.flatMap(([, item]) => collectRecords(item))];
}
