/** OpenAPI descriptions of routes; the schemas they name are those that validate. */
import type { DocumentDecoration } from "elysia";

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
  tag: "Chat" | "Completions" | "Embeddings" | "Tokens" | "Models" | "Server";
  id: string;
  summary: string;
  description?: string;
  request?: { schema: string; examples: Examples };
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
              "application/json": {
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
  message: string;
  type: string;
  code: string;
  param?: string;
}

const failures = {
  400: {
    description: "The request is not valid; `param` names the field.",
    message: "'temperature' must be at most 2.",
    type: "invalid_request_error",
    code: "decimal_above_max_value",
    param: "temperature",
  },
  401: {
    description: "A key is configured, and the request has none or a wrong one.",
    message: "An API key is required: send it as 'Authorization: Bearer KEY'.",
    type: "invalid_request_error",
    code: "invalid_api_key",
  },
  403: {
    description: "The request comes from a web page whose origin is not allowed.",
    message: "Pages of this origin may not use the server. The operator can allow it with --cors-origin.",
    type: "invalid_request_error",
    code: "origin_not_allowed",
  },
  404: {
    description: "The model does not exist.",
    message: "The requested model does not exist. See GET /v1/models for those served.",
    type: "invalid_request_error",
    code: "model_not_found",
    param: "model",
  },
  413: {
    description: "The body is larger than the server takes.",
    message: "The request body is larger than 33554432 bytes.",
    type: "invalid_request_error",
    code: "request_too_large",
  },
  429: {
    description: "The backend asks to slow down.",
    message: "The model server is out of capacity.",
    type: "requests",
    code: "rate_limit_exceeded",
  },
  502: {
    description: "The backend failed or answered something that cannot be read.",
    message: "The model server failed.",
    type: "server_error",
    code: "upstream_error",
  },
  503: {
    description: "The backend cannot be reached, or the server is busy; a retry makes sense.",
    message: "The server is busy: too many requests are waiting already.",
    type: "server_error",
    code: "server_is_overloaded",
  },
  504: {
    description: "The backend did not answer in time.",
    message: "The backend did not answer in time.",
    type: "server_error",
    code: "timeout",
  },
} as const satisfies Record<number, Failure>;

export function failureResponses(...statuses: (keyof typeof failures)[]): Responses {
  return Object.fromEntries(statuses.map((status) => [status, failureResponse(failures[status])]));
}

function failureResponse({ description, message, type, code, param }: Failure): DocumentedResponse {
  return jsonResponse(description, "Error", { error: { message, type, param: param ?? null, code } });
}

/** Answers of a route that generates: in one piece or as events, and all that can go wrong. */
export function generationResponses(
  whole: string,
  chunk: string,
  examples: { response: unknown; stream: string },
  moreHeaders: DocumentedHeaders = {},
): Responses {
  return {
    200: {
      description: "The answer; with `stream: true` as server-sent events that end in `data: [DONE]`.",
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
        ...moreHeaders,
      },
      content: {
        "application/json": { schema: reference(whole), example: examples.response },
        "text/event-stream": { schema: reference(chunk), example: examples.stream },
      },
    },
    ...failureResponses(400, 401, 403, 404, 413, 429, 502, 503, 504),
  };
}
