import { ServeError } from "../../../core/error.ts";
import type { FinishReason, GenerationEvent } from "../../../core/generation.ts";
import { createUtf8Decoder } from "../../../text/utf8.ts";
import type { InferResponse } from "../codec/messages.ts";
import { MalformedTensor, readBytesOutput, readTextOutput } from "../codec/tensor.ts";
import type { AnswerReader, Rpc } from "./dialect.ts";
import { toFinishWord } from "./finish.ts";
import type { FinishWord } from "./finish.ts";

/**
 * Reads answers of one text output and one finish word. `textOutputs` are the names the text can have, the
 * likeliest first. On the stream rpc each message with text is one token.
 */
export function createAnswerReader(
  rpc: Rpc,
  textOutputs: readonly string[],
  warn: (text: string) => void,
): AnswerReader {
  const decoder = createUtf8Decoder();
  let finished = false;
  let answered = false;
  let sawUnknownWord = false;
  let sawInvalidText = false;

  function finish(reason: FinishReason, events: GenerationEvent[]): void {
    finished = true;
    events.push({ type: "finish", choice: 0, reason });
  }

  function readText(bytes: Uint8Array, events: GenerationEvent[]): void {
    if (bytes.length === 0) return;
    const text = decoder.write(bytes);
    if (rpc === "stream") events.push({ type: "text-delta", choice: 0, text, tokens: 1 });
    else if (text !== "") events.push({ type: "text-delta", choice: 0, text });
    if (decoder.sawInvalid && !sawInvalidText) {
      sawInvalidText = true;
      warn("the model server sent text that is not UTF-8; it is replaced by U+FFFD");
    }
  }

  return {
    read(response, events) {
      if (finished) return;
      if (response.outputs.length === 0) {
        if (response.parameters.get("triton_final_response") !== true) throw emptyAnswer();
        finish("stop", events);
        return;
      }
      answered = true;
      const word = readFinishWord(response);
      const text = firstOutput(response, textOutputs);
      if (text !== undefined) readText(text, events);
      else if (word === "running") throw new MalformedTensor(textOutputs[0] ?? "", "is missing");
      if (word === "failed") throw givenUp();
      if (word === "unknown") sawUnknownWord = true;
      else if (word !== "running") finish(word, events);
    },

    end(events) {
      if (finished) return;
      if (!answered) throw emptyAnswer();
      if (sawUnknownWord) warn("the model server ended with an unknown finish reason; it is taken as stop");
      finish("stop", events);
    },

    get finished() {
      return finished;
    },
  };
}

function readFinishWord(response: InferResponse): FinishWord {
  const word = readTextOutput(response, "finish_reason");
  return word === undefined ? "running" : toFinishWord(word);
}

function firstOutput(response: InferResponse, names: readonly string[]): Uint8Array | undefined {
  for (const name of names) {
    const bytes = readBytesOutput(response, name);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

function givenUp(): ServeError {
  return new ServeError("upstream", "The model server gave up on the answer.", { code: "upstream_error" });
}

/** AnyServe answers OK without outputs when its worker failed. */
function emptyAnswer(): ServeError {
  return new ServeError("upstream", "The model server answered without any output.", {
    code: "upstream_error",
  });
}
