import type { ModelMetadata, ServerMetadata, TensorMetadata } from "../codec/messages.ts";
import type { DialectName, ModelProfile } from "../dialects/dialect.ts";
import { fitsGeneric } from "./fits-generic.ts";

/**
 * Which dialect a model speaks, by what its server says of itself and of the model; undefined if it neither writes
 * text nor embeds it, or in no form that is known.
 */
export function detectDialect(
  server: ServerMetadata | undefined,
  profile: ModelProfile,
): DialectName | undefined {
  const { metadata } = profile;
  if (isAnyserve(server) || metadata?.platform === "anyserve") return "anyserve";
  const isMlserver = server?.name === "mlserver";
  if (metadata === undefined || (metadata.inputs.length === 0 && metadata.outputs.length === 0)) {
    // Its runtimes need not describe their tensors; nobody else's models are left without a word.
    return isMlserver ? "mlserver" : undefined;
  }
  const seen: Seen = { server, profile, ...lookUp(metadata) };
  if (isMlserver) return fitsGeneric(profile) ? "mlserver" : undefined;
  const found = signatures.find(([, matches]) => matches(seen));
  return found?.[0] ?? (fitsGeneric(profile) ? "generic" : undefined);
}

/** Whether a server is AnyServe, its dispatcher or a worker. It takes any name for a model's, and describes none. */
export function isAnyserve(server: ServerMetadata | undefined): boolean {
  return server?.name.startsWith("anyserve") === true;
}

interface Seen {
  server: ServerMetadata | undefined;
  profile: ModelProfile;
  /** Datatypes by the tensor's name. */
  inputs: ReadonlyMap<string, string>;
  outputs: ReadonlyMap<string, string>;
}

/** The first that matches is it. */
const signatures: readonly [DialectName, (seen: Seen) => boolean][] = [
  ["dynamo", isDynamo],
  ["vllm", isVllm],
  ["llmapi", isLlmApi],
  ["trtllm", isTrtLlm],
  ["mlserver", isPipeline],
  ["ovms", isOvms],
];

function isDynamo({ server, profile, inputs, outputs }: Seen): boolean {
  if (!isText(inputs, "text_input") || !isText(outputs, "text_output")) return false;
  if (profile.metadata?.platform === "dynamo") return true;
  // A server without a name that has models of just this form; a Triton model of this form wants Triton's flags.
  return (
    server === undefined &&
    profile.config?.backend !== "python" &&
    isText(outputs, "finish_reason") &&
    outputs.size === 2 &&
    inputs.size === 2 &&
    (inputs.get("stream") ?? inputs.get("streaming")) === "BOOL"
  );
}

function isVllm({ server, profile, inputs, outputs }: Seen): boolean {
  if (profile.config?.backend === "vllm") return true;
  return mayBeTriton(server, profile) && writesText(inputs, outputs) && isText(inputs, "sampling_parameters");
}

function isLlmApi({ server, profile, inputs, outputs }: Seen): boolean {
  if (!mayBeTriton(server, profile) || !writesText(inputs, outputs)) return false;
  if ([...inputs.keys()].some((name) => name.startsWith("sampling_param_"))) return true;
  return inputs.get("streaming") === "BOOL" && !inputs.has("max_tokens");
}

function isTrtLlm({ server, profile, inputs, outputs }: Seen): boolean {
  const maxTokens = inputs.get("max_tokens");
  return (
    mayBeTriton(server, profile) &&
    writesText(inputs, outputs) &&
    (maxTokens === "INT32" || maxTokens === "UINT32") &&
    !inputs.has("streaming")
  );
}

/** MLServer's HuggingFace runtime, on a server that keeps its name to itself. */
function isPipeline({ server, inputs, outputs }: Seen): boolean {
  return server === undefined && isText(inputs, "args") && isText(outputs, "output");
}

/** OpenVINO Model Server gives the tensors of its graphs a name and no datatype. */
function isOvms({ inputs, outputs }: Seen): boolean {
  return mayBeText(inputs, "pre_prompt") && mayBeText(outputs, "completion");
}

/** Only Triton has configurations and these layouts; a server of another name may have tensors of the same names. */
function mayBeTriton(server: ServerMetadata | undefined, { config }: ModelProfile): boolean {
  return server === undefined || server.name === "triton" || config !== undefined;
}

type Tensors = ReadonlyMap<string, string>;

function writesText(inputs: Tensors, outputs: Tensors): boolean {
  return isText(inputs, "text_input") && isText(outputs, "text_output");
}

function isText(tensors: Tensors, name: string): boolean {
  return tensors.get(name) === "BYTES";
}

function mayBeText(tensors: Tensors, name: string): boolean {
  return isText(tensors, name) || tensors.get(name) === "INVALID";
}

function lookUp({ inputs, outputs }: ModelMetadata): { inputs: Tensors; outputs: Tensors } {
  return { inputs: datatypesOf(inputs), outputs: datatypesOf(outputs) };
}

function datatypesOf(tensors: readonly TensorMetadata[]): Tensors {
  return new Map(tensors.map(({ name, datatype }) => [name, datatype]));
}
