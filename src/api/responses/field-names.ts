import { ServeError } from "../../core/error.ts";
import type { CountTokens, Generate } from "../../core/generate.ts";

/** What the fields are called here that the way to the backend knows by the names that chat has for them. */
const names: Readonly<Record<string, string>> = {
  max_tokens: "max_output_tokens",
  messages: "input",
  logprobs: "include",
  reasoning_effort: "reasoning.effort",
  response_format: "text.format",
  verbosity: "text.verbosity",
};

/** The way to a backend, with the names that fields have here in what it tells of them. */
export function withOurNames(generate: Generate): Generate {
  return async (...call) => {
    const generating = await renamed(generate(...call));
    return {
      ...generating,
      ignored: generating.ignored.map(ourName),
      assumed: generating.assumed.map((text) => text.replace(/^\w+/, ourName)),
    };
  };
}

export function countWithOurNames(count: CountTokens): CountTokens {
  return (...call) => renamed(count(...call));
}

async function renamed<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof ServeError ? inOurNames(error) : error;
  }
}

function inOurNames(error: ServeError): ServeError {
  const { kind, message, code, param, retryAfterSeconds, shouldRetry, cause } = error;
  const [, head = "", rest = ""] = /^(\w*)(.*)$/.exec(param ?? "") ?? [];
  const ours = names[head];
  if (ours === undefined) return error;
  return new ServeError(kind, message.replace(`'${head}'`, `'${ours}'`), {
    // Where in the prompt is not where in the input: the history stands before it.
    param: head === "messages" ? ours : ours + rest,
    ...(code !== undefined && { code }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(shouldRetry !== undefined && { shouldRetry }),
    cause,
  });
}

function ourName(name: string): string {
  return names[name] ?? name;
}
