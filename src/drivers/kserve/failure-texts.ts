import type { ErrorDetails, ErrorKind } from "../../core/error.ts";

/** What a client is told about a failure. */
export interface Failure {
  kind: ErrorKind;
  message: string;
  details: ErrorDetails;
}

/**
 * What a server's own words say that its status does not, if they are known ones: Triton and the engines behind it put
 * nearly everything into INTERNAL or UNAVAILABLE, and the protocol's errors inside a stream have no status at all.
 */
export function readFailureText(text: string): Failure | undefined {
  const start = text.slice(0, maxRead);
  return readOverflow(start) ?? known.find(([pattern]) => pattern.test(start))?.[1];
}

/** Texts may quote whole prompts and stack traces; what is wrong stands at the beginning. */
const maxRead = 4_000;

/** As said by vLLM, TensorRT-LLM (C++ and its Python API), llama.cpp, and servers that speak like OpenAI. */
const overflows: readonly RegExp[] = [
  /prompt (?:\(length|length of) (?<prompt>\d{1,12})\)? is longer than the maximum model length of (?<limit>\d{1,12})/i,
  /prompt length \((?<prompt>\d{1,12})\) exceeds maximum (?:input|sequence) length \((?<limit>\d{1,12})\)/i,
  /sum of prompt length \((?<prompt>\d{1,12})[^)]{0,20}\).{0,200}should not exceed max_(?:num_tokens|seq_len) \((?<limit>\d{1,12})\)/i,
  /requested tokens \((?<prompt>\d{1,12})\) exceed context window of (?<limit>\d{1,12})/i,
  /maximum context length is (?<limit>\d{1,12}) tokens.{0,100}?(?:requested|resulted in|request has|your input of) (?<prompt>\d{1,12})/i,
  /maximum context length is (?<limit>\d{1,12}) tokens/i,
];
const lengthPattern =
  /(?:maximum|max)[ _](?:allowed )?(?:context|sequence|seq|model|input|prompt)[ _]len|context[ _](?:window|length|size)/i;
const excessPattern = /exceed|longer than|larger than|greater than|too long|too large/i;

/** Clients look for two phrases in such a message: `maximum context length` and `exceeds the context window`. */
function readOverflow(text: string): Failure | undefined {
  const match = overflows.map((pattern) => pattern.exec(text)).find((found) => found !== null);
  if (match === undefined && !(lengthPattern.test(text) && excessPattern.test(text))) return undefined;
  const { limit, prompt } = match?.groups ?? {};
  const input = prompt === undefined ? "Your input" : `Your input of ${prompt} tokens`;
  return {
    kind: "invalid_request",
    message:
      limit === undefined
        ? `${input} exceeds the context window: it is longer than this model's maximum context length.`
        : `This model's maximum context length is ${limit} tokens. ${input} exceeds the context window.`,
    details: { code: "context_length_exceeded" },
  };
}

// Not the client's fault and not for the client to mend, hence neither 401 nor 403.
export const accessRefused: Failure = {
  kind: "upstream",
  message: "The model server refused this gateway's access.",
  details: { code: "upstream_error", shouldRetry: false },
};

export const modelNotFound: Failure = {
  kind: "not_found",
  message: "The model server does not have this model.",
  details: { code: "model_not_found", param: "model" },
};

export const requestRejected: Failure = {
  kind: "invalid_request",
  message: "The model server rejected the request.",
  details: { code: "upstream_invalid_argument" },
};

export const modelNotReady: Failure = {
  kind: "unavailable",
  message: "The model server does not have this model ready.",
  details: { code: "upstream_unavailable", retryAfterSeconds: 5 },
};

const known: readonly [text: RegExp, failure: Failure][] = [
  // Triton answers so when a header is missing: it is up, and will answer the same again.
  [/protocol is restricted/i, accessRefused],
  [/\bis not (?:at ready state|ready)\b/i, modelNotReady],
  [/request for unknown model/i, modelNotFound],
  // Dynamo's and OVMS's; nothing else that is not found, such as a file, makes the model unknown.
  [/^model (?:'[^']{1,300}'|\S{1,300}) not found\.?$/i, modelNotFound],
  [/^model with (?:requested name|name \S{1,300}) (?:is not found|does not exist)\.?$/i, modelNotFound],
  [
    /models with decoupled transaction policy/i,
    {
      kind: "upstream",
      message: "The model server answers this model on the stream rpc only.",
      details: { code: "upstream_error", shouldRetry: false },
    },
  ],
  [
    /out of memory/i,
    {
      kind: "unavailable",
      message: "The model server is out of memory.",
      details: { code: "upstream_unavailable", retryAfterSeconds: 5 },
    },
  ],
  [
    /unexpected inference input|unexpected shape for input|missing required input|expected \d+ inputs? but got|invalid input name/i,
    requestRejected,
  ],
];
