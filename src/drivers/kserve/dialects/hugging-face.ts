import { isRecord } from "../../../core/json.ts";
import type { InferResponse } from "../codec/messages.ts";
import { MalformedTensor, readBytesOutput } from "../codec/tensor.ts";

/**
 * Reads a text output that may be, by its parameter `content_type`, the JSON in which MLServer's HuggingFace runtime
 * writes what a pipeline gives: `{"generated_text": …}`, the prompt included. Throws `MalformedTensor`.
 */
export function readPipelineText(response: InferResponse, name: string): Uint8Array | undefined {
  const bytes = readBytesOutput(response, name);
  if (bytes === undefined || !isJson(response, name)) return bytes;
  const fields = parse(name, bytes);
  const text = textFields.map((field) => fields[field]).find((value) => typeof value === "string");
  if (text === undefined) throw new MalformedTensor(name, "has no text");
  return encoder.encode(text);
}

const textFields = ["generated_text", "summary_text", "translation_text", "answer"];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function isJson({ outputs }: InferResponse, name: string): boolean {
  const type = outputs.find((output) => output.name === name)?.parameters.get("content_type");
  return typeof type === "string" && type.startsWith("hg_json");
}

function parse(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    if (isRecord(value)) return value;
  } catch (error) {
    throw new MalformedTensor(name, "is not JSON", { cause: error });
  }
  throw new MalformedTensor(name, "is not a JSON object");
}
