import type { ModelMetadata, TensorMetadata } from "../codec/messages.ts";
import type { ModelProfile, TensorMap } from "./dialect.ts";

/** The tensors of a model of nobody's layout, by what they are for. */
export interface GuessedTensors {
  /** Undefined when the model takes no text. */
  prompt: string | undefined;
  stream: string | undefined;
  /** Names that the text can have; none when the model writes no text. */
  text: readonly string[];
  finish: string;
  promptTokens: string | undefined;
  completionTokens: string | undefined;
  embedding: string | undefined;
  /** The model's own spelling of an input, found without regard to case. */
  input(name: string): string | undefined;
  hasOutput(name: string): boolean;
}

/** Names as models have been seen to use them, the likeliest first, in lower case. */
const promptNames = [
  "text_input",
  "prompt",
  "prompts",
  "pre_prompt",
  "text",
  "input_text",
  "args",
  "query",
  "question",
  "input",
  "inputs",
  "input_0",
  "input0",
  "input__0",
];
const textNames = [
  "text_output",
  "output",
  "output_text",
  "generated_text",
  "completion",
  "text",
  "response",
  "answer",
  "token",
  "output_0",
  "output0",
  "output__0",
];
/** Texts beside the prompt and the answer. */
const otherTexts = new Set([
  "stop",
  "stop_words",
  "stop_sequences",
  "bad_words",
  "finish_reason",
  "stop_reason",
  "sampling_parameters",
  "logprobs",
  "model",
  "model_name",
]);
const floatingPoint = new Set(["FP16", "BF16", "FP32", "FP64"]);

/** Finds the tensors from the model's metadata; what the operator mapped wins. */
export function guessTensors({ metadata, config }: ModelProfile, mapped: TensorMap): GuessedTensors {
  const inputs = metadata?.inputs ?? [];
  const outputs = metadata?.outputs ?? [];
  const isKnown = isDescribed(metadata);
  const input = (name: string) => inputs.find((tensor) => tensor.name.toLowerCase() === name)?.name;
  const output = (name: string) => outputs.find((tensor) => tensor.name === name)?.name;
  const texts = named(outputs.filter(isText), textNames);
  const text = mapped.text ?? texts;
  const required = inputs.filter(
    (tensor) => isText(tensor) && config?.optionalInputs.has(tensor.name) === false,
  );
  const prompts = required.length === 1 ? required : inputs.filter(isText);
  return {
    prompt: mapped.prompt ?? (isKnown ? named(prompts, promptNames) : "prompt"),
    stream: mapped.stream ?? input("stream") ?? input("streaming"),
    text: text === undefined ? (outputs.length > 0 ? [] : textNames) : [text],
    finish: mapped.finish_reason ?? "finish_reason",
    promptTokens: mapped.prompt_tokens ?? output("num_input_tokens"),
    completionTokens: mapped.completion_tokens ?? output("num_output_tokens"),
    embedding: mapped.embedding ?? (text === undefined ? vectorOf(outputs) : undefined),
    input,
    hasOutput: (name) => output(name) !== undefined,
  };
}

function isDescribed(metadata: ModelMetadata | undefined): boolean {
  return metadata !== undefined && metadata.inputs.length > 0;
}

function isText({ name, datatype }: TensorMetadata): boolean {
  return datatype === "BYTES" && !otherTexts.has(name.toLowerCase());
}

function named(tensors: readonly TensorMetadata[], names: readonly string[]): string | undefined {
  const [best] = tensors.toSorted((one, other) => placeOf(one, names) - placeOf(other, names));
  return best?.name;
}

function placeOf({ name }: TensorMetadata, names: readonly string[]): number {
  const place = names.indexOf(name.toLowerCase());
  return place < 0 ? names.length : place;
}

function vectorOf(outputs: readonly TensorMetadata[]): string | undefined {
  return outputs.find(({ datatype }) => floatingPoint.has(datatype))?.name;
}
