/** OpenAPI descriptions of routes; the schemas they name are those that validate. */
import type { DocumentDecoration } from "elysia";
import { type ErrorKind, ServeError } from "../../core/error.ts";
import { openai } from "../../http/protocols/openai.ts";
import type { Protocol } from "../../http/protocols/protocol.ts";

type Responses = NonNullable<DocumentDecoration["responses"]>;
type DocumentedResponse = Responses[string];
type DocumentedHeaders = Readonly<Record<string, { description: string; schema: { type: "string" } }>>;
type DocumentedParameters = NonNullable<DocumentDecoration["parameters"]>;

interface Example {
  summary: string;
  value: unknown;
}
export type Examples = Readonly<Record<string, Example>>;

export interface RouteDescription {
  tag:
    | "Chat"
    | "Responses"
    | "Conversations"
    | "Messages"
    | "Completions"
    | "Embeddings"
    | "Files"
    | "Batches"
    | "Tokens"
    | "Models"
    | "Server";
  id: string;
  summary: string;
  description?: string;
  request?: { schema: string; examples: Examples; type?: "application/json" | "multipart/form-data" };
  parameters?: DocumentedParameters;
  responses: Responses;
}

export function documented(route: RouteDescription): DocumentDecoration {
  return {
    tags: [route.tag],
    // What operators ask needs no key.
    ...(route.tag === "Server" ? { security: [] } : {}),
    operationId: route.id,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.parameters === undefined ? {} : { parameters: route.parameters }),
    ...(route.request === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              [route.request.type ?? "application/json"]: {
                schema: reference(route.request.schema),
                examples: { ...route.request.examples },
              },
            },
          },
        }),
    responses: route.responses,
  };
}

function reference(schema: string) {
  return { $ref: `#/components/schemas/${schema}` };
}

/** A JSON answer. */
export function jsonResponse(description: string, schema: string, example?: unknown): DocumentedResponse {
  return {
    description,
    content: {
      "application/json": { schema: reference(schema), ...(example === undefined ? {} : { example }) },
    },
  };
}

interface Failure {
  description: string;
  kind: ErrorKind;
  message: string;
  code: string;
  param?: string;
}

const failures = {
  400: {
    description: "The request is not valid; `param` names the field.",
    kind: "invalid_request",
    message: "'temperature' must be at most 2.",
    code: "decimal_above_max_value",
    param: "temperature",
  },
  401: {
    description: "A key is configured, and the request has none or a wrong one.",
    kind: "unauthenticated",
    message: "An API key is required: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.",
    code: "invalid_api_key",
  },
  403: {
    description: "The request comes from a web page whose origin is not allowed.",
    kind: "permission_denied",
    message: "Pages of this origin may not use the server. The operator can allow it with --cors-origin.",
    code: "origin_not_allowed",
  },
  404: {
    description: "The model does not exist.",
    kind: "not_found",
    message: "The requested model does not exist. See GET /v1/models for those served.",
    code: "model_not_found",
    param: "model",
  },
  413: {
    description: "The body is larger than the server takes.",
    kind: "too_large",
    message: "The request body is larger than 33554432 bytes.",
    code: "request_too_large",
  },
  429: {
    description: "The backend asks to slow down.",
    kind: "rate_limited",
    message: "The model server is out of capacity.",
    code: "rate_limit_exceeded",
  },
  502: {
    description: "The backend failed or answered something that cannot be read.",
    kind: "upstream",
    message: "The model server failed.",
    code: "upstream_error",
  },
  503: {
    description: "The backend cannot be reached, or the server is busy; a retry makes sense.",
    kind: "unavailable",
    message: "The server is busy: too many requests are waiting already.",
    code: "server_is_overloaded",
  },
  504: {
    description: "The backend did not answer in time.",
    kind: "timeout",
    message: "The backend did not answer in time.",
    code: "timeout",
  },
} as const satisfies Record<number, Failure>;

/** Describes failures by their usual status, in the words of a protocol whose envelope is `schema`. */
export function createFailureResponses(schema: string, protocol: Protocol) {
  return (...statuses: (keyof typeof failures)[]): Responses =>
    Object.fromEntries(
      statuses.map((usual) => {
        const { description, kind, message, ...details }: Failure = failures[usual];
        const { status, body } = protocol.failure(new ServeError(kind, message, details), exampleRequestId);
        return [status, jsonResponse(description, schema, body)];
      }),
    );
}

const exampleRequestId = "req_1c6ef27b0d3f4a4c8a2b5d9e7f013a6c";

export const failureResponses = createFailureResponses("Error", openai);

interface GeneratedAnswer {
  description: string;
  /** Names of the schemas of the answer in one piece, and of one event. */
  whole: string;
  chunk: string;
  examples: { response: unknown; stream: string };
  headers?: DocumentedHeaders;
}

/** The answer of a route that generates, in one piece or as events. */
export function generatedAnswer({
  description,
  whole,
  chunk,
  examples,
  headers,
}: GeneratedAnswer): DocumentedResponse {
  return {
    description,
    headers: {
      "x-request-id": {
        description: "Id of the request, for support and logs.",
        schema: { type: "string" },
      },
      "x-oai-serve-assumed-params": {
        description:
          "What the backend has to be told and the request did not give, such as `max_tokens=1024`.",
        schema: { type: "string" },
      },
      "x-oai-serve-ignored-params": {
        description: "Fields of the request that had no effect on this backend.",
        schema: { type: "string" },
      },
      ...headers,
    },
    content: {
      "application/json": { schema: reference(whole), example: examples.response },
      "text/event-stream": { schema: reference(chunk), example: examples.stream },
    },
  };
}

/** Answers of a route that generates: in one piece or as events, and all that can go wrong. */
export function generationResponses(
  whole: string,
  chunk: string,
  examples: { response: unknown; stream: string },
  headers: DocumentedHeaders = {},
): Responses {
  const description = "The answer; with `stream: true` as server-sent events that end in `data: [DONE]`.";
  return {
    200: generatedAnswer({ description, whole, chunk, examples, headers }),
    ...failureResponses(400, 401, 403, 404, 413, 429, 502, 503, 504),
  };
}
