import { ServeError } from "../../../core/error.ts";
import type { FinishReason, GenerationEvent, TokenLogprob } from "../../../core/generation.ts";
import type { InferResponse } from "../codec/messages.ts";
import {
  MalformedTensor,
  readBytesOutput,
  readBytesOutputs,
  readIntegerOutput,
  readTextOutput,
  readTextOutputs,
} from "../codec/tensor.ts";
import { type ChoiceText, createChoiceText } from "./choice-text.ts";
import type { Cumulative } from "./cumulative.ts";
import type { AnswerReader, TextRequest } from "./dialect.ts";
import type { Echo } from "./echo.ts";
import { toFinishWord } from "./finish.ts";
import type { FinishWord } from "./finish.ts";
import { type CountOutputs, createTokenCounts } from "./token-counts.ts";

/** The outputs of a kind of server and what is in them. */
export interface AnswerDescription {
  /** Names that the text can have, the likeliest first. */
  text: readonly string[];
  /** Reads the text where it is not simply one BYTES element a choice. */
  readText?: (response: InferResponse, name: string) => Uint8Array | undefined;
  finish: string;
  counts?: CountOutputs | undefined;
  cumulative: Cumulative;
  echo: Echo;
  /** Reads the logprobs of a message, for each choice. */
  readLogprobs?:
    | ((response: InferResponse, request: TextRequest) => readonly Logprobs[] | undefined)
    | undefined;
  /** Number of the choice that a message is of, where each message is of one. */
  choice?: string | undefined;
  /** Comes once the answer is over. */
  ending?: string;
  /** Outputs of messages without text. */
  aside?: readonly string[];
  /** Every message that has outputs has the text, if only an empty one. So does a whole answer in any case. */
  alwaysText?: boolean;
  /** The finish word always comes, so that without one the answer was broken off. */
  namesFinish?: boolean;
}

export type Logprobs = readonly TokenLogprob[] | undefined;

export interface AnswerReading {
  request: TextRequest;
  /** Whether the answer comes in parts, of about a token each. */
  isStreamed: boolean;
  warn: (text: string) => void;
}

/** Reads answers as `description` says. Of a stream without counts, each message with text is one token. */
export function createAnswerReader(description: AnswerDescription, reading: AnswerReading): AnswerReader {
  return new DescribedReader(description, reading);
}

interface Choice {
  text: ChoiceText;
  isFinished: boolean;
}

class DescribedReader implements AnswerReader {
  readonly #description: AnswerDescription;
  readonly #reading: AnswerReading;
  readonly #choices: readonly Choice[];
  readonly #counts: ReturnType<typeof createTokenCounts>;
  #open: number;
  #isAnswered = false;
  #isUsageGiven = false;
  #lastWord = "";
  #lastMeaning = toFinishWord("");
  #sawUnknownWord = false;
  #sawInvalidText = false;

  constructor(description: AnswerDescription, reading: AnswerReading) {
    const { prompt, choices } = reading.request;
    const { echo } = description;
    const cumulative = reading.isStreamed ? description.cumulative : false;
    this.#description = description;
    this.#reading = reading;
    this.#open = choices;
    this.#counts = createTokenCounts(description.counts, choices);
    this.#choices = Array.from({ length: choices }, () => ({
      text: createChoiceText({ prompt, cumulative, echo }),
      isFinished: false,
    }));
  }

  get finished(): boolean {
    return this.#open === 0 && (this.#isUsageGiven || this.#description.counts === undefined);
  }

  read(response: InferResponse, events: GenerationEvent[]): void {
    if (this.finished) return;
    const isFinal = response.parameters.get("triton_final_response") === true;
    if (response.outputs.length > 0) this.#readOutputs(response, events);
    else if (this.#open > 0 && (!isFinal || this.#lacksText)) throw emptyAnswer();
    if (isFinal || this.#isEnded(response)) this.#finishAll(events);
    this.#giveUsage(events);
  }

  end(events: GenerationEvent[]): void {
    if (this.#open > 0 && !this.#isAnswered) throw emptyAnswer();
    if (this.#open > 0 && this.#description.namesFinish === true && !this.#sawUnknownWord) throw brokenOff();
    this.#finishAll(events);
    this.#giveUsage(events);
  }

  #readOutputs(response: InferResponse, events: GenerationEvent[]): void {
    this.#isAnswered = true;
    const only = this.#onlyChoice(response);
    const hasCounts = this.#counts.read(response, only);
    if (this.#open === 0) return;
    const { request } = this.#reading;
    const logprobs =
      request.logprobs === undefined ? undefined : this.#description.readLogprobs?.(response, request);
    if (only !== undefined) {
      const word = this.#toWord(readTextOutput(response, this.#description.finish));
      const text = this.#readText(response);
      if (text === undefined) this.#assertAside(response, word !== "running" || hasCounts);
      this.#readChoice(only, { text, word, logprobs: logprobs?.[0] }, events);
      return;
    }
    const words = readTextOutputs(response, this.#description.finish, request.choices)?.map((word) =>
      this.#toWord(word),
    );
    const texts = this.#readTexts(response);
    if (texts === undefined) this.#assertAside(response, words !== undefined || hasCounts);
    for (const choice of this.#choices.keys()) {
      const part = {
        text: texts?.[choice],
        word: words?.[choice] ?? "running",
        logprobs: logprobs?.[choice],
      };
      this.#readChoice(choice, part, events);
    }
  }

  /** Nearly all messages have the same word. */
  #toWord(word: string | undefined): FinishWord {
    if (word === undefined) return "running";
    if (word !== this.#lastWord) {
      this.#lastWord = word;
      this.#lastMeaning = toFinishWord(word);
    }
    return this.#lastMeaning;
  }

  /** The one choice that a message is of; undefined when it is of all. */
  #onlyChoice(response: InferResponse): number | undefined {
    const { choices } = this.#reading.request;
    if (choices === 1) return 0;
    const name = this.#description.choice;
    if (name === undefined) return undefined;
    const choice = readIntegerOutput(response, name) ?? 0;
    if (choice < 0 || choice >= choices) throw new MalformedTensor(name, "is not the number of an answer");
    return choice;
  }

  #readText(response: InferResponse): Uint8Array | undefined {
    const read = this.#description.readText ?? readBytesOutput;
    for (const name of this.#description.text) {
      const bytes = read(response, name);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  #readTexts(response: InferResponse): readonly Uint8Array[] | undefined {
    const { choices } = this.#reading.request;
    for (const name of this.#description.text) {
      const texts = readBytesOutputs(response, name, choices);
      if (texts === undefined) continue;
      if (texts.length !== choices) throw otherChoices();
      return texts;
    }
    return undefined;
  }

  #readChoice(index: number, part: ChoicePart, events: GenerationEvent[]): void {
    const choice = this.#choices[index];
    if (choice === undefined || choice.isFinished) return;
    if (part.text !== undefined) this.#giveText(index, choice, part.text, part.logprobs, events);
    if (part.word === "failed") throw givenUp();
    if (part.word === "unknown") this.#sawUnknownWord = true;
    else if (part.word !== "running") this.#finish(index, choice, part.word, events);
  }

  #giveText(
    index: number,
    choice: Choice,
    bytes: Uint8Array,
    logprobs: Logprobs,
    events: GenerationEvent[],
  ): void {
    const text = bytes.length === 0 ? "" : choice.text.push(bytes);
    if (choice.text.sawInvalid && !this.#sawInvalidText) {
      this.#sawInvalidText = true;
      this.#reading.warn("the model server sent text that is not UTF-8; it is replaced by U+FFFD");
    }
    const tokens = this.#counts.added(index) ?? this.#tokensOf(choice, bytes);
    if (logprobs !== undefined && logprobs.length > 0) {
      const counted = tokens === undefined ? {} : { tokens };
      events.push({ type: "text-delta", choice: index, text, ...counted, logprobs });
    } else if (tokens === undefined) {
      if (text !== "") events.push({ type: "text-delta", choice: index, text });
    } else if (text !== "" || tokens > 0) {
      events.push({ type: "text-delta", choice: index, text, tokens });
    }
  }

  #tokensOf(choice: Choice, bytes: Uint8Array): number | undefined {
    if (!this.#reading.isStreamed) return undefined;
    return bytes.length > 0 && choice.text.isToken ? 1 : 0;
  }

  #finish(index: number, choice: Choice, reason: FinishReason, events: GenerationEvent[]): void {
    choice.isFinished = true;
    this.#open--;
    const rest = choice.text.end();
    if (rest !== "") {
      // The tokens of a stream were counted when they came.
      const counted = this.#reading.isStreamed ? { tokens: 0 } : {};
      events.push({ type: "text-delta", choice: index, text: rest, ...counted });
    }
    events.push({ type: "finish", choice: index, reason });
  }

  #finishAll(events: GenerationEvent[]): void {
    if (this.#open === 0) return;
    if (this.#sawUnknownWord) {
      this.#reading.warn("the model server ended with an unknown finish reason; it is taken as stop");
    }
    const { maxTokens } = this.#reading.request.sampling;
    for (const [index, choice] of this.#choices.entries()) {
      if (choice.isFinished) continue;
      const isFull = maxTokens !== undefined && (this.#counts.completion(index) ?? 0) >= maxTokens;
      this.#finish(index, choice, isFull ? "length" : "stop", events);
    }
  }

  #giveUsage(events: GenerationEvent[]): void {
    if (this.#open > 0 || this.#isUsageGiven) return;
    const usage = this.#counts.usage();
    if (usage === undefined) return;
    this.#isUsageGiven = true;
    events.push({ type: "usage", usage });
  }

  #isEnded({ outputs }: InferResponse): boolean {
    const { ending } = this.#description;
    return ending !== undefined && outputs.some(({ name }) => name === ending);
  }

  /** That a message may be without text; `tells` says whether it has anything else of the answer. */
  #assertAside({ outputs }: InferResponse, tells: boolean): void {
    const { ending, aside = [], text } = this.#description;
    const isAside = tells || outputs.some(({ name }) => name === ending || aside.includes(name));
    if (!isAside || this.#needsText) throw new MalformedTensor(text[0] ?? "", "is missing");
  }

  get #needsText(): boolean {
    return this.#description.alwaysText === true || !this.#reading.isStreamed;
  }

  get #lacksText(): boolean {
    return this.#needsText && !this.#isAnswered;
  }
}

interface ChoicePart {
  text: Uint8Array | undefined;
  word: FinishWord;
  logprobs: Logprobs;
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

function brokenOff(): ServeError {
  return new ServeError("upstream", "The model server's answer ended without saying why.", {
    code: "upstream_error",
  });
}

function otherChoices(): ServeError {
  return new ServeError("upstream", "The model server gave another number of answers than was asked for.", {
    code: "upstream_error",
  });
}
