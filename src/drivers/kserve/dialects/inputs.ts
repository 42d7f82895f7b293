import type { InputTensor, TensorContents } from "../codec/messages.ts";
import type { ModelProfile } from "./dialect.ts";

export type InputValue = string | number | boolean;

/** What a value is for a tensor: `integer` fits every number's datatype, `number` those with fractions. */
export type InputKind = "text" | "flag" | "integer" | "number";

/** The inputs of a model: which it has, and tensors for them in the datatype and with the dimensions that it wants. */
export interface Inputs {
  /** Whether there is such an input, for one value of the kind. */
  takes(name: string, kind: InputKind): boolean;
  /** Whether there is such an input, for any number of values of the kind. */
  takesMany(name: string, kind: InputKind): boolean;
  datatype(name: string): string | undefined;
  /** Whether a call without the input is refused, as far as is known. */
  isRequired(name: string): boolean;
  /** One value; undefined for no value, and for an input that the model does not have. Numbers are clamped. */
  one(name: string, value: InputValue | undefined): InputTensor | undefined;
  many(name: string, values: readonly InputValue[] | undefined): InputTensor | undefined;
}

/** Datatypes of inputs by name, for a server that does not describe its models. */
export type InputDefaults = Readonly<Record<string, string>>;

/** The inputs as the model's metadata has them, else as in `defaults`, with one dimension more where models batch. */
export function createInputs({ metadata, config }: ModelProfile, defaults: InputDefaults): Inputs {
  const known = metadata === undefined || metadata.inputs.length === 0 ? undefined : metadata.inputs;
  const shape = (config?.maxBatchSize ?? 0) > 0 ? [-1, -1] : [-1];
  const described = known ?? Object.entries(defaults).map(([name, datatype]) => ({ name, datatype, shape }));
  const byName = new Map(described.map((input) => [input.name, input]));

  const takes = (name: string, kind: InputKind) => {
    const input = byName.get(name);
    if (input === undefined || !input.shape.every((size) => size === 1 || size === -1)) return false;
    return accepts(input.datatype, kind);
  };
  const tensor = (name: string, values: readonly InputValue[]): InputTensor | undefined => {
    const input = byName.get(name);
    const datatype = datatypes[input?.datatype ?? ""];
    if (input === undefined || datatype === undefined) return undefined;
    const leading = input.shape.slice(1).map(() => 1);
    return {
      name,
      datatype: input.datatype,
      shape: [...leading, values.length],
      contents: datatype.contents(values),
    };
  };
  return {
    takes,
    takesMany: (name, kind) => takes(name, kind) && byName.get(name)?.shape.at(-1) === -1,
    datatype: (name) => byName.get(name)?.datatype,
    isRequired: (name) =>
      known !== undefined && config !== undefined && byName.has(name) && !config.optionalInputs.has(name),
    one: (name, value) => (value === undefined ? undefined : tensor(name, [value])),
    many: (name, values) => (values === undefined || values.length === 0 ? undefined : tensor(name, values)),
  };
}

/** The tensors that there are. */
export function present(inputs: readonly (InputTensor | undefined)[]): InputTensor[] {
  return inputs.filter((input) => input !== undefined);
}

function accepts(datatype: string, kind: InputKind): boolean {
  const taken = datatypes[datatype]?.kind;
  return taken === kind || (kind === "integer" && taken === "number");
}

interface Datatype {
  kind: InputKind;
  contents(values: readonly InputValue[]): Partial<TensorContents>;
}

/** FP16 and BF16 exist only raw and are taken by no parameter that is known. */
const datatypes: Readonly<Record<string, Datatype>> = {
  BYTES: {
    kind: "text",
    contents: (values) => ({ bytes: values.map((value) => encoder.encode(String(value))) }),
  },
  BOOL: { kind: "flag", contents: (values) => ({ bools: values.map(Boolean) }) },
  INT8: { kind: "integer", contents: (values) => ({ ints: integers(values, -128, 127) }) },
  INT16: { kind: "integer", contents: (values) => ({ ints: integers(values, -32_768, 32_767) }) },
  INT32: { kind: "integer", contents: (values) => ({ ints: integers(values, -(2 ** 31), 2 ** 31 - 1) }) },
  INT64: { kind: "integer", contents: (values) => ({ int64s: integers(values, -maxInteger, maxInteger) }) },
  UINT8: { kind: "integer", contents: (values) => ({ uints: integers(values, 0, 255) }) },
  UINT16: { kind: "integer", contents: (values) => ({ uints: integers(values, 0, 65_535) }) },
  UINT32: { kind: "integer", contents: (values) => ({ uints: integers(values, 0, 2 ** 32 - 1) }) },
  UINT64: { kind: "integer", contents: (values) => ({ uint64s: integers(values, 0, maxInteger) }) },
  FP32: { kind: "number", contents: (values) => ({ fp32s: values.map(Number) }) },
  FP64: { kind: "number", contents: (values) => ({ fp64s: values.map(Number) }) },
};

const encoder = new TextEncoder();
/** The largest that is exact in a JavaScript number. */
const maxInteger = Number.MAX_SAFE_INTEGER;

/** Out of range is the nearest number in range: a larger limit than a server can count to is no limit. */
function integers(values: readonly InputValue[], low: number, high: number): number[] {
  return values.map((value) => Math.min(Math.max(Math.trunc(Number(value)), low), high));
}
