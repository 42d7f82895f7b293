import type { Generating } from "../../core/generate.ts";

/** Headers that tell which fields of the request had no effect, and what was assumed; none when there is nothing to tell. */
export function effectHeaders({
  ignored,
  assumed = [],
}: Pick<Generating, "ignored"> & Partial<Pick<Generating, "assumed">>): Record<string, string> {
  return {
    ...(ignored.length === 0 ? {} : { "x-oai-serve-ignored-params": ignored.join(", ") }),
    ...(assumed.length === 0 ? {} : { "x-oai-serve-assumed-params": assumed.join(", ") }),
  };
}
