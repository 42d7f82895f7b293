export interface Tokenized {
  tokens: Uint32Array;
  contextTokens?: number;
  /** The text of each token. */
  texts?: readonly string[];
}

/** Numbers that are written before other work gets its turn: less than a millisecond's worth. */
const sliceLength = 8_192;

/** vLLM's answer as JSON text in parts, between which other work gets its turn. */
export async function* encode({ tokens, contextTokens, texts }: Tokenized): AsyncGenerator<string> {
  const head = JSON.stringify({
    count: tokens.length,
    max_model_len: contextTokens ?? null,
    token_strs: texts ?? null,
  });
  yield `${head.slice(0, -1)},"tokens":[`;
  for (let start = 0; start < tokens.length; start += sliceLength) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    yield `${start === 0 ? "" : ","}${tokens.subarray(start, start + sliceLength).join()}`;
  }
  yield "]}";
}
