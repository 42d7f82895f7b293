import { ServeError } from "../../core/error.ts";

/** How this surface's clients call what the rest of the server calls by OpenAI's names. */
export interface FieldNames {
  /** A failure in the client's words; the same one if there is nothing to reword. */
  reworded: (thrown: unknown) => ServeError;
}

export interface Places {
  /** Of each message as the backend gets it, the field in which the client has it. */
  messages: readonly string[];
  /** Of each tool as the backend gets it, its position in the client's list. */
  tools: readonly number[];
}

const names: Readonly<Record<string, string>> = {
  "response_format.json_schema": "output_config.format",
  response_format: "output_config.format",
  reasoning_effort: "thinking",
  stop: "stop_sequences",
};

/** Names of fields as they are told in a header. */
export function toOurNames(fields: readonly string[]): string[] {
  return fields.map((field) => names[field] ?? field);
}

export function createFieldNames(places: Places): FieldNames {
  return {
    reworded(thrown) {
      const error = ServeError.from(thrown);
      const { kind, param, code, retryAfterSeconds, shouldRetry } = error;
      const ours = param === undefined ? undefined : toOurParam(param, places);
      const message = rewordSentence(error.message, param, ours);
      if (message === error.message && ours === param) return error;
      return new ServeError(kind, message, {
        ...(code !== undefined && { code }),
        ...(ours !== undefined && { param: ours }),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
        ...(shouldRetry !== undefined && { shouldRetry }),
        cause: error,
      });
    },
  };
}

function toOurParam(param: string, { messages, tools }: Places): string {
  const message = /^messages\[(\d+)\]/.exec(param);
  if (message !== null) return messages[Number(message[1])] ?? "messages";
  const tool = /^tools\[(\d+)\](?:\.function)?(.*)$/.exec(param);
  if (tool !== null) {
    const [, index, rest = ""] = tool;
    const position = tools[Number(index)];
    return position === undefined
      ? "tools"
      : `tools[${position}]${rest.replace(/^\.parameters/, ".input_schema")}`;
  }
  const name = Object.keys(names).find((each) => param === each || param.startsWith(`${each}.`));
  return name === undefined ? param : `${names[name]}${param.slice(name.length)}`;
}

function rewordSentence(sentence: string, param: string | undefined, ours: string | undefined): string {
  let reworded = sentence;
  if (param !== undefined && ours !== undefined) reworded = reworded.replaceAll(`'${param}'`, `'${ours}'`);
  for (const [name, own] of Object.entries(names)) {
    reworded = reworded.replaceAll(`'${name}'`, `'${own}'`).replaceAll(`\`${name}\``, `\`${own}\``);
  }
  return reworded;
}
