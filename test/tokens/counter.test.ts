import { afterAll, describe, expect, test } from "bun:test";
import { createTokenCounter, type TokenCounts } from "../../src/tokens/counter.ts";
import type { Encoding } from "../../src/tokens/encoding.ts";
import { startTokenWorker } from "../../src/tokens/thread.ts";
import { longestTurnMs, maxTurnMs } from "../support/event-loop.ts";
import { recordingLog } from "./recording-log.ts";

const counter = createTokenCounter(recordingLog());
afterAll(() => counter.close());

const randomLetters = (length: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) =>
    String.fromCharCode(97 + (byte % 26)),
  ).join("");

const exactly = (...counts: number[]) => ({ counts, isExact: true });
const about = (...counts: number[]) => ({ counts, isExact: false });

/** A worker of the given source text, for what the real one never does. */
const workerOf = (source: string) => () => new Worker(URL.createObjectURL(new Blob([source])));

/** Notes how many texts each job has. */
function listening(worker: Worker, posts: number[]): Worker {
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (job: readonly unknown[]) => {
    posts.push(job.length - 4);
    post(job, []);
  };
  return worker;
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe("counts are exact", () => {
  const cases: readonly (readonly [string, Encoding, string, number])[] = [
    ["a greeting", "cl100k_base", "Hello!", 2],
    ["a greeting", "o200k_base", "Hello!", 2],
    ["a greeting", "p50k_base", "Hello!", 2],
    ["a greeting", "p50k_edit", "Hello!", 2],
    ["a greeting", "r50k_base", "Hello!", 2],
    ["nothing", "cl100k_base", "", 0],
    ["the look of a special token", "cl100k_base", "<|endoftext|>", 7],
    ["the look of a special token", "o200k_base", "<|endoftext|>", 7],
    ["ideographs", "cl100k_base", "お誕生日おめでとう", 9],
    ["ideographs", "o200k_base", "お誕生日おめでとう", 8],
    ["a lone surrogate", "cl100k_base", "a\ud800b", 3],
  ];
  for (const [name, encoding, text, tokens] of cases) {
    test(`${name} in ${encoding}`, async () => {
      expect(await counter.count(encoding, ["Hello!", text])).toEqual(exactly(2, tokens));
    });
  }

  test("for the first questions of all, while the encoding is being loaded", async () => {
    const log = recordingLog();
    const fresh = createTokenCounter(log);

    const counts = await Promise.all([
      fresh.count("o200k_base", ["<|endoftext|>"]),
      fresh.count("cl100k_base", ["<|endoftext|>"]),
      fresh.count("o200k_base", [""]),
    ]);
    fresh.close();

    expect(counts).toEqual([exactly(7), exactly(7), exactly(0)]);
    expect(log.lines).toEqual([]);
  });
});

describe("a hard text neither takes long nor holds up other work", () => {
  // Each is a run without a place to cut, on which the tokenizer alone would take many seconds.
  const hardTexts: readonly (readonly [string, string])[] = [
    ["200,000 random letters", randomLetters(200_000)],
    ["200,000 spaces", " ".repeat(200_000)],
    ["200,000 marks", "=".repeat(200_000)],
    ["20,000 emoji", "😀".repeat(20_000)],
  ];
  for (const [name, text] of hardTexts) {
    test(name, async () => {
      await counter.count("cl100k_base", ["warm"]);
      let isExact = false;

      const turnMs = await longestTurnMs(20, async () => {
        isExact = (await counter.count("cl100k_base", [text])).isExact || isExact;
      });

      expect(turnMs).toBeLessThan(maxTurnMs);
      expect(isExact).toBe(true);
    });
  }

  test("10 MB are estimated", async () => {
    const text = "many words ".repeat(1_000_000);
    const flat = Buffer.from(text).toString();
    let counts: TokenCounts | undefined;

    const turnMs = await longestTurnMs(20, async () => {
      counts = await counter.count("cl100k_base", [flat]);
    });

    expect(counts).toEqual(about(2_750_000));
    expect(turnMs).toBeLessThan(maxTurnMs);
  });

  test("16,384 texts are counted", async () => {
    const texts = Array.from({ length: 16_384 }, (_, index) => `Hello ${index}!`);
    await counter.count("cl100k_base", ["warm"]);
    let isExact = false;

    const turnMs = await longestTurnMs(20, async () => {
      isExact = (await counter.count("cl100k_base", texts)).isExact || isExact;
    });

    expect(turnMs).toBeLessThan(maxTurnMs);
    expect(isExact).toBe(true);
  });

  test("100,000 texts are estimated", async () => {
    const texts = Array.from({ length: 100_000 }, (_, index) => (index % 2 === 0 ? "" : "Hello"));
    let counts: TokenCounts | undefined;

    const turnMs = await longestTurnMs(20, async () => {
      counts = await counter.count("cl100k_base", texts);
    });

    expect(turnMs).toBeLessThan(maxTurnMs);
    expect(counts?.isExact).toBe(false);
    expect(counts?.counts.slice(0, 4)).toEqual([0, 2, 0, 2]);
  });

  test("the 200,000 letters are counted, not estimated", async () => {
    const text = randomLetters(200_000);
    await counter.count("cl100k_base", ["warm"]);

    const {
      counts: [tokens],
    } = await counter.count("cl100k_base", [text]);

    // Random letters have about 1.85 to a token, the estimate says 4.
    expect(tokens).toBeGreaterThan(100_000);
    expect(tokens).toBeLessThan(115_000);
  });
});

describe("tokens are decoded", () => {
  const prompts: readonly (readonly [string, Encoding, number[], string])[] = [
    ["words", "cl100k_base", [9906, 0], "Hello!"],
    ["nothing", "cl100k_base", [], ""],
    ["a special token", "cl100k_base", [9906, 100257], "Hello<|endoftext|>"],
    ["half a character", "cl100k_base", [76460], "�"],
  ];
  for (const [name, encoding, tokens, text] of prompts) {
    test(name, async () => {
      expect(await counter.decode(encoding, tokens)).toBe(text);
    });
  }

  test("however many, also where a character lies across the border of a slice", async () => {
    const tokens = Array.from({ length: 65_535 }, () => 0);
    // The two tokens of an emoji.
    tokens.push(76460, 222, 0);

    const text = await counter.decode("cl100k_base", tokens);

    expect(text.length).toBe(65_535 + 2 + 1);
    expect(text.endsWith("!😀!")).toBe(true);
  });

  for (const token of [100_256, 100_300, 4_000_000_000, -1, 1.5, Number.NaN]) {
    test(`${token} is refused, and the next prompt is decoded`, async () => {
      const failure = await failureOf(counter.decode("cl100k_base", [0, token]));

      expect(failure).toMatchObject({
        kind: "invalid_request",
        code: "invalid_value",
        param: "prompt",
      });
      expect(await counter.decode("cl100k_base", [0])).toBe("!");
    });
  }
});

describe("without a worker that answers, counts are estimates", () => {
  const broken: readonly (readonly [string, () => Worker])[] = [
    ["fails at a job", workerOf("self.onmessage = () => { throw new Error('broken'); };")],
    ["fails at its start", workerOf("throw new Error('broken');")],
    ["leaves", workerOf("self.onmessage = () => process.exit(0);")],
    ["does not exist", () => new Worker("/nowhere/worker.ts")],
    [
      "cannot be started",
      () => {
        throw new Error("no threads left");
      },
    ],
  ];
  for (const [name, startWorker] of broken) {
    test(`a worker that ${name} is started four times in all`, async () => {
      const log = recordingLog();
      let starts = 0;
      const counting = createTokenCounter(log, () => {
        starts++;
        return startWorker();
      });

      const counts: TokenCounts[] = [];
      for (let call = 0; call < 6; call++)
        counts.push(await counting.count("cl100k_base", ["<|endoftext|>", ""]));
      counting.close();

      expect(counts).toEqual(Array.from({ length: 6 }, () => about(4, 0)));
      expect(starts).toBe(4);
      expect(log.lines.filter((line) => line.startsWith("warn"))).toHaveLength(3);
      expect(log.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
    });
  }

  test("a worker that died once counts again", async () => {
    const workers = [workerOf("self.onmessage = () => process.exit(1);"), startTokenWorker];
    const counting = createTokenCounter(recordingLog(), () => (workers.shift() ?? startTokenWorker)());

    const first = await counting.count("cl100k_base", ["<|endoftext|>"]);
    const second = await counting.count("cl100k_base", ["<|endoftext|>"]);
    counting.close();

    expect([first, second]).toEqual([about(4), exactly(7)]);
  });

  test("a silent worker is waited for no longer than its loading may take, and gets no second job", async () => {
    const posts: number[] = [];
    const silent = workerOf("self.onmessage = () => {};");
    const counting = createTokenCounter(recordingLog(), () => listening(silent(), posts));

    const counts = await Promise.all(
      Array.from({ length: 2_100 }, () => counting.count("cl100k_base", ["<|endoftext|>"])),
    );
    const late = await counting.count("cl100k_base", ["<|endoftext|>"]);
    counting.close();

    expect([...counts, late]).toEqual(Array.from({ length: 2_101 }, () => about(4)));
    // What is bounded is how many wait, which makes two jobs of at most 16,384 characters each.
    expect(posts).toEqual([1_170, 878]);
  });

  test("after closing, counts are estimates and decoding is unavailable", async () => {
    const counting = createTokenCounter(recordingLog());
    const unanswered = counting.count("cl100k_base", ["<|endoftext|>"]);
    counting.close();

    expect(await unanswered).toEqual(about(4));
    expect(await counting.count("cl100k_base", ["<|endoftext|>"])).toEqual(about(4));
    expect(await failureOf(counting.decode("cl100k_base", [0]))).toMatchObject({ kind: "unavailable" });
  });
});

test("a short text does not wait for a long one", async () => {
  await counter.count("o200k_base", ["warm"]);

  // The long text is more than a second of work.
  const [long, short] = await Promise.all([
    counter.count("o200k_base", ["😀".repeat(400_000)]),
    counter.count("o200k_base", ["<|endoftext|>"]),
  ]);

  expect([long, short]).toEqual([about(100_000), exactly(7)]);
});

test("what many ask in one turn is one job, and so is what comes until the answer", async () => {
  const posts: number[] = [];
  const counting = createTokenCounter(recordingLog(), () => listening(startTokenWorker(), posts));

  const first = Array.from({ length: 64 }, (_, index) => counting.count("cl100k_base", [`a${index}`, "b"]));
  await new Promise((resolve) => setImmediate(resolve));
  const second = Array.from({ length: 64 }, (_, index) => counting.count("cl100k_base", [`${index} times`]));
  const counts = await Promise.all([...first, ...second]);
  counting.close();

  expect(posts).toEqual([128, 64]);
  expect(counts).toEqual([
    ...Array.from({ length: 64 }, () => exactly(2, 1)),
    ...Array.from({ length: 64 }, () => exactly(2)),
  ]);
});

test("a text that comes again does not travel again, but for another encoding", async () => {
  const posts: number[] = [];
  const counting = createTokenCounter(recordingLog(), () => listening(startTokenWorker(), posts));
  const ask = (encoding: Encoding, ...texts: string[]) => counting.count(encoding, texts);

  const counts = [
    await ask("cl100k_base", "お誕生日おめでとう", "user"),
    await ask("cl100k_base", "user", "", "Hello!", "お誕生日おめでとう"),
    await ask("cl100k_base", "Hello!"),
    await ask("o200k_base", "お誕生日おめでとう"),
  ];
  counting.close();

  expect(counts).toEqual([exactly(9, 1), exactly(1, 0, 2, 9), exactly(2), exactly(8)]);
  expect(posts).toEqual([2, 1, 1]);
});

test("the worker does not keep the process alive", async () => {
  const source = `
    import { createTokenCounter } from ${JSON.stringify(Bun.resolveSync("../../src/tokens/counter.ts", import.meta.dir))};
    const write = () => {};
    const log = { debug: write, info: write, warn: write, error: write, child: () => log };
    process.stdout.write(JSON.stringify(await createTokenCounter(log).count("cl100k_base", ["<|endoftext|>"])));`;
  const process = Bun.spawn([Bun.argv[0] ?? "bun", "-e", source], { stdout: "pipe", stderr: "inherit" });

  const [output, exitCode] = await Promise.all([process.stdout.text(), process.exited]);

  expect({ output, exitCode }).toEqual({ output: '{"counts":[7],"isExact":true}', exitCode: 0 });
});
