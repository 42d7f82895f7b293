/**
 * Whether the texts of a stream are the whole so far, each beginning with the one before it, or what is new. Where it
 * is not known it is found out; `likely` and `unlikely` say how a stream is taken that ends before it shows.
 */
export type Cumulative = boolean | "likely" | "unlikely";

/** Turns the texts of a stream, in bytes, into what is new in each. */
export interface Increments {
  /** What is new so far; empty while that is not decided. The result may be a view of `bytes`. */
  push(bytes: Uint8Array): Uint8Array;
  /** The stream is over: what was held back. */
  end(): Uint8Array;
  /** Whether the last text was the whole so far, and nothing new. */
  readonly isRepeat: boolean;
}

/**
 * Exact for every stream if `cumulative` is known. If not, nothing is given of the second and the next texts while
 * each begins with the whole one before it, until one does not (they are parts) or they have grown twice to
 * `sureLength` bytes (they are the whole). So a stream of parts is misread only when its first three begin with each
 * other and grow, as `1`, `12`, `12345678` would, or when it is over before that shows; a stream of wholes only when
 * it ends, or stays the same for five texts, before it has grown.
 */
export function createIncrements(cumulative: Cumulative): Increments {
  if (cumulative === false) return parts;
  if (cumulative === true) return createWholes();
  return createUndecided(cumulative === "likely");
}

const nothing = new Uint8Array();
const parts: Increments = { push: (bytes) => bytes, end: () => nothing, isRepeat: false };

const sureGrowths = 2;
const sureLength = 8;
const mostRepeats = 4;

function createUndecided(isLikely: boolean): Increments {
  let decided: Increments | undefined;
  /** The texts so far; messages do not outlive their turn, so they are copies. */
  let held: Uint8Array[] = [];
  let growths = 0;
  let repeats = 0;

  function decide(isWhole: boolean): Uint8Array {
    const increments = createIncrements(isWhole);
    decided = increments;
    const [first = nothing, ...rest] = held;
    held = [];
    increments.push(first);
    const tail = isWhole ? nothing : first.subarray(completeLength(first));
    return Buffer.concat([tail, ...rest.map((bytes) => increments.push(bytes))]);
  }

  return {
    push(bytes) {
      if (decided !== undefined) return decided.push(bytes);
      if (bytes.length === 0) return nothing;
      const last = held.at(-1);
      if (last === undefined) {
        held.push(bytes.slice());
        return bytes.subarray(0, completeLength(bytes));
      }
      const grew = completeLength(bytes) > completeLength(last);
      const isText = startsWith(bytes, last);
      held.push(isText && bytes.length === last.length ? last : bytes.slice());
      if (!isText) return decide(false);
      growths += grew ? 1 : 0;
      repeats = grew ? 0 : repeats + 1;
      if (growths >= sureGrowths && bytes.length >= sureLength) return decide(true);
      return repeats >= mostRepeats ? decide(false) : nothing;
    },
    end() {
      if (decided !== undefined) return decided.end();
      return Buffer.concat([decide(isLikely || growths > 0), endOf(decided)]);
    },
    get isRepeat() {
      return decided?.isRepeat ?? repeats > 0;
    },
  };

  function endOf(increments: Increments | undefined): Uint8Array {
    return increments?.end() ?? nothing;
  }
}

function createWholes(): Increments {
  let given = 0;
  let pending: Uint8Array = nothing;
  let lastLength = 0;
  let isRepeat = false;
  return {
    push(bytes) {
      if (bytes.length === 0) return nothing;
      isRepeat = bytes.length === lastLength;
      lastLength = bytes.length;
      const complete = completeLength(bytes);
      pending = bytes.slice(Math.max(complete, given));
      if (complete <= given) return nothing;
      const increment = bytes.subarray(given, complete);
      given = complete;
      return increment;
    },
    end: () => pending,
    get isRepeat() {
      return isRepeat;
    },
  };
}

/** The text that `bytes` begins with may have ended in a character that is complete by now. */
function startsWith(bytes: Uint8Array, text: Uint8Array): boolean {
  const length = completeLength(text) || text.length;
  return bytes.length >= length && Buffer.compare(bytes.subarray(0, length), text.subarray(0, length)) === 0;
}

/** Without U+FFFD at the end, which a server that decodes tokens writes for a character that is not complete yet. */
function completeLength(bytes: Uint8Array): number {
  let length = bytes.length;
  while (
    length >= 3 &&
    bytes[length - 3] === 0xef &&
    bytes[length - 2] === 0xbf &&
    bytes[length - 1] === 0xbd
  ) {
    length -= 3;
  }
  return length;
}
