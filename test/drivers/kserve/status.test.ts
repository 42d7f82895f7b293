import { describe, expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import { toServeError, toStreamFailure } from "../../../src/drivers/kserve/status.ts";
import { GrpcError, grpcStatus } from "../../../src/drivers/kserve/transport/transport.ts";

const { signal } = new AbortController();
const fail = (code: number, details: string) => toServeError(new GrpcError(code, details), signal);
const overflow = (message: string) => ({ kind: "invalid_request", code: "context_length_exceeded", message });

const limits = (limit: number, prompt: number) =>
  overflow(
    `This model's maximum context length is ${limit} tokens. Your input of ${prompt} tokens exceeds the context window.`,
  );
const onlyLimit = (limit: number) =>
  overflow(`This model's maximum context length is ${limit} tokens. Your input exceeds the context window.`);
const plain = overflow(
  "Your input exceeds the context window: it is longer than this model's maximum context length.",
);

/** As engines say it. */
const tooLong: readonly [string, object][] = [
  [
    "The decoder prompt (length 21535) is longer than the maximum model length of 16384. Make sure that",
    limits(16_384, 21_535),
  ],
  [
    "Error generating stream: Prompt length of 5016 is longer than the maximum model length of 4096.",
    limits(4_096, 5_016),
  ],
  [
    "Encountered an error when fetching new request: Prompt length (200) exceeds maximum input length (1)",
    limits(1, 200),
  ],
  [
    "Cannot process new request: Prompt length (5056) exceeds maximum sequence length (2048)",
    limits(2_048, 5_056),
  ],
  [
    "ValueError: The sum of prompt length (9351.0), query length (0) should not exceed max_num_tokens (8192)\\n\\nAt:",
    limits(8_192, 9_351),
  ],
  ["Requested tokens (2065) exceed context window of 1800", limits(1_800, 2_065)],
  [
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages)",
    limits(4_096, 5_000),
  ],
  [
    "'max_tokens' is too large: 99. This model's maximum context length is 8 tokens and your request has 9 input tokens",
    limits(8, 9),
  ],
  ["maximum context length is 4096 tokens", onlyLimit(4_096)],
  ["the request exceeds the available context size, try increasing it", plain],
  ["input sequence is too long for max_seq_len", plain],
];

describe("a prompt that is too long for the model is the client's fault, in the words that clients look for:", () => {
  for (const [text, expected] of tooLong) {
    test(text, () => {
      for (const code of [
        grpcStatus.internal,
        grpcStatus.invalidArgument,
        grpcStatus.unknown,
        grpcStatus.resourceExhausted,
      ]) {
        expect(fail(code, text)).toMatchObject({ status: 400, ...expected });
      }
      expect(toStreamFailure(text)).toMatchObject({ status: 400, ...expected });
      expect(fail(grpcStatus.internal, text).message).toMatch(/maximum context length/);
      expect(fail(grpcStatus.internal, text).message).toMatch(/exceeds the context window/);
    });
  }
});

const texts: readonly [code: number, text: string, object][] = [
  [
    grpcStatus.unavailable,
    "This protocol is restricted, expecting header 'triton-grpc-protocol-infer'",
    { kind: "upstream", shouldRetry: false, message: "The model server refused this gateway's access." },
  ],
  [
    grpcStatus.unavailable,
    "Request for unknown model: 'llama' version 1 is not at ready state",
    {
      kind: "unavailable",
      retryAfterSeconds: 5,
      message: "The model server does not have this model ready.",
    },
  ],
  [
    grpcStatus.internal,
    "Model text is not ready yet.",
    { kind: "unavailable", code: "upstream_unavailable" },
  ],
  [
    grpcStatus.unavailable,
    "Request for unknown model: 'llama' is not found",
    { kind: "not_found", code: "model_not_found" },
  ],
  ...[
    "Model 'Qwen/Qwen3-0.6B' not found",
    "Model llama not found",
    "Model with requested name is not found",
    "Model with name llama does not exist.",
  ].map((text): [number, string, object] => [
    grpcStatus.unknown,
    text,
    { kind: "not_found", code: "model_not_found", param: "model" },
  ]),
  [
    grpcStatus.internal,
    "Model file /srv/models/llama.gguf not found",
    { kind: "upstream", code: "upstream_error" },
  ],
  [
    grpcStatus.unimplemented,
    "ModelInfer RPC doesn't support models with decoupled transaction policy",
    {
      kind: "upstream",
      shouldRetry: false,
      message: "The model server answers this model on the stream rpc only.",
    },
  ],
  [
    grpcStatus.internal,
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB",
    { kind: "unavailable", retryAfterSeconds: 5, message: "The model server is out of memory." },
  ],
  [
    grpcStatus.unknown,
    "[request id: 7] unexpected inference input 'top_p' for model 'llama'",
    { kind: "invalid_request", code: "upstream_invalid_argument" },
  ],
  [
    grpcStatus.unknown,
    "missing required input(s) ['max_tokens'] for model 'ensemble'",
    { kind: "invalid_request", code: "upstream_invalid_argument" },
  ],
];
describe("a known text says more than its status, inside a stream too:", () => {
  for (const [code, text, expected] of texts) {
    test(text, () => {
      expect(fail(code, text)).toMatchObject(expected);
      expect(toStreamFailure(text)).toMatchObject({ ...expected, cause: { details: text } });
    });
  }
});

test("a status that means what it says is not read otherwise", () => {
  expect(fail(grpcStatus.deadlineExceeded, "CUDA out of memory")).toMatchObject({ kind: "timeout" });
  expect(fail(grpcStatus.unauthenticated, "key is not ready")).toMatchObject({
    kind: "upstream",
    shouldRetry: false,
  });
});

test("an unknown text inside a stream is a failure of the server's, and stays in the cause", () => {
  const failure = toStreamFailure("segfault in /srv/model.so at 10.0.0.7");

  expect(failure).toMatchObject({
    kind: "upstream",
    message: "The model server failed to finish the answer.",
    cause: { code: 2, details: "segfault in /srv/model.so at 10.0.0.7" },
  });
});

test("a server's text of a megabyte costs next to nothing to read", () => {
  const text = `maximum context length is ${"1".repeat(1_048_576)}${" maximum context length".repeat(10_000)}`;
  const start = performance.now();

  expect(toStreamFailure(text)).toBeInstanceOf(ServeError);

  expect(performance.now() - start).toBeLessThan(100);
});
