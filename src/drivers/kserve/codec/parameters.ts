import type { ParameterValue } from "./messages.ts";

/** Parameters that are being read; fits `Parameters`. One with fewer than two may be shared and must not be changed. */
export type ParametersBuilder = Map<string, ParameterValue>;

export const noParameters: ParametersBuilder = new Map();

/** Gives `known` with one parameter more or another value of one. `known` may have been changed then. */
export function withParameter(
  known: ParametersBuilder,
  key: string,
  value: ParameterValue,
): ParametersBuilder {
  if (known.size === 0) return singleParameter(key, value);
  const own = known.size === 1 ? new Map(known) : known;
  return own.set(key, value);
}

const maxKeptKeys = 64;
const maxKeptLength = 64;

// Every message of a stream repeats the same one parameter: comparing is several times cheaper than a new map.
const kept = new Map<string, { value: ParameterValue; parameters: ParametersBuilder }>();

function singleParameter(key: string, value: ParameterValue): ParametersBuilder {
  const last = kept.get(key);
  if (last !== undefined && Object.is(last.value, value)) return last.parameters;
  const parameters = new Map([[key, value]]);
  const isShort = key.length <= maxKeptLength && (typeof value !== "string" || value.length <= maxKeptLength);
  if (isShort && (last !== undefined || kept.size < maxKeptKeys)) kept.set(key, { value, parameters });
  return parameters;
}
