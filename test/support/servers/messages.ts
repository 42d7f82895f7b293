import type { Fields } from "../kserve-messages.ts";

/** A streamed generation in the layout of Triton's vLLM backend: no batch dimension. */
export function vllmRequest(prompt: string): Fields {
  return {
    modelName: "vllm_model",
    inputs: [bytesInput("text_input", prompt), boolInput("stream", true, [1])],
  };
}

/** A streamed generation in the layout of TensorRT-LLM: a batch dimension before every shape. */
export function trtllmRequest(model: string, prompt: string): Fields {
  return {
    modelName: model,
    inputs: [
      bytesInput("text_input", prompt, [1, 1]),
      intInput("max_tokens", 16, [1, 1]),
      boolInput("stream", true, [1, 1]),
    ],
  };
}

/** An input tensor with one typed BYTES element. */
export function bytesInput(name: string, text: string, shape: readonly number[] = [1]): Fields {
  return { name, datatype: "BYTES", shape, contents: { bytesContents: [new TextEncoder().encode(text)] } };
}

function boolInput(name: string, value: boolean, shape: readonly number[]): Fields {
  return { name, datatype: "BOOL", shape, contents: { boolContents: [value] } };
}

/** An input tensor with one typed INT32 element. */
export function intInput(name: string, value: number, shape: readonly number[]): Fields {
  return { name, datatype: "INT32", shape, contents: { intContents: [value] } };
}

/** The raw contents of a BYTES tensor with one element. */
export function lengthPrefixed(text: string): Uint8Array {
  const content = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return new Uint8Array(Buffer.concat([length, content]));
}

interface InferAnswer {
  outputs: { name: string; contents?: { bytesContents: Uint8Array[] } }[];
  rawOutputContents: Uint8Array[];
  parameters?: { triton_final_response?: { boolParam?: boolean } };
}

/**
 * The text in the raw contents of a `ModelStreamInferResponse`: the output is found by name, since Triton orders
 * those of an ensemble as it likes.
 */
export function rawText(message: object): string {
  const { inferResponse }: { inferResponse?: InferAnswer } = message;
  const place =
    inferResponse?.outputs.findIndex(({ name }) => ["text_output", "output"].includes(name)) ?? -1;
  return new TextDecoder().decode(inferResponse?.rawOutputContents[place]?.subarray(4));
}

/** The first element of the first output of a `ModelInferResponse` with typed contents. */
export function typedText(message: object): string {
  const { outputs }: Partial<InferAnswer> = message;
  return new TextDecoder().decode(outputs?.[0]?.contents?.bytesContents[0]);
}

/** Triton's final flag on a `ModelStreamInferResponse`; undefined where there is none. */
export function isFinal(message: object): boolean | undefined {
  const { inferResponse }: { inferResponse?: InferAnswer } = message;
  return inferResponse?.parameters?.triton_final_response?.boolParam;
}
