import { describe, expect, test } from "bun:test";
import { ServeError } from "../../src/core/error.ts";
import type { Backend, GenerationRequest } from "../../src/core/generation.ts";
import { callContext, run, textOf, textRequest } from "../support/calls.ts";
import { assertContract } from "../support/contract.ts";

/** What the model behind a driver does when it is asked. */
export interface Scenario {
  /** The answer in pieces, as the model makes them; bytes that are cut anywhere. */
  pieces: readonly Uint8Array[];
  /** After the pieces: it ends, fails, or says nothing more. */
  ending: "end" | "fail" | "hang";
}

export interface DriverUnderTest {
  backend: Backend;
  /** Settles when the model has got the request. */
  asked: Promise<void>;
  /** Settles when the model notices that it need not go on. */
  canceled: Promise<void>;
  close(): Promise<void>;
}

export interface DriverSetup {
  start(scenario: Scenario): Promise<DriverUnderTest>;
  /** Changes to the request that the driver needs, such as a model's id. */
  request?: Partial<GenerationRequest>;
  /** Scenarios that this driver cannot be put into, with the reason. */
  notSupported?: Readonly<Partial<Record<Scenario["ending"], string>>>;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const answers: readonly [string, readonly Uint8Array[], string][] = [
  ["plain text", [bytesOf("Hello"), bytesOf(", "), bytesOf("world")], "Hello, world"],
  ["an empty answer", [], ""],
  [
    "characters that are cut between pieces",
    [...bytesOf("añ😀b")].map((byte) => Uint8Array.of(byte)),
    "añ😀b",
  ],
];

/** The behaviour that every driver shares, against a real server of its kind. */
export function describeDriver(name: string, setup: DriverSetup): void {
  const request = textRequest(setup.request);
  const can = (ending: Scenario["ending"]) => setup.notSupported?.[ending] === undefined;

  async function withDriver(
    scenario: Scenario,
    use: (driver: DriverUnderTest) => Promise<void>,
  ): Promise<void> {
    const driver = await setup.start(scenario);
    try {
      await use(driver);
    } finally {
      await driver.close();
    }
  }

  describe(`${name} keeps the driver contract:`, () => {
    for (const [what, pieces, text] of answers) {
      for (const stream of [true, false]) {
        test(`${what}, stream ${stream}`, () =>
          withDriver({ pieces, ending: "end" }, async ({ backend }) => {
            const outcome = await run(backend.generate({ ...request, stream }, callContext()));

            expect(outcome.failure).toBeUndefined();
            assertContract(outcome.batches);
            expect(textOf(outcome.batches)).toBe(text);
          }));
      }
    }

    test.if(can("fail"))("a failure before the first event is thrown as a ServeError", () =>
      withDriver({ pieces: [], ending: "fail" }, async ({ backend }) => {
        const outcome = await run(backend.generate(request, callContext()));

        expect(outcome.batches).toEqual([]);
        expect(outcome.failure).toBeInstanceOf(ServeError);
      }),
    );

    test.if(can("fail"))("a failure after text is thrown, and no finish comes before it", () =>
      withDriver({ pieces: [bytesOf("Hello")], ending: "fail" }, async ({ backend }) => {
        const outcome = await run(backend.generate(request, callContext()));

        expect(outcome.failure).toBeInstanceOf(ServeError);
        expect(outcome.batches.flat().filter((event) => event.type === "finish")).toEqual([]);
      }),
    );

    test("a call that is aborted before it starts never yields", () =>
      withDriver({ pieces: [bytesOf("Hello")], ending: "end" }, async ({ backend }) => {
        const outcome = await run(backend.generate(request, callContext(AbortSignal.abort())));

        expect(outcome.batches).toEqual([]);
        expect(outcome.failure).toMatchObject({ kind: "canceled" });
      }));

    for (const pieces of [[], [bytesOf("Hello")]]) {
      test.if(can("hang"))(`an abort after ${pieces.length} pieces ends the call and reaches the model`, () =>
        withDriver({ pieces, ending: "hang" }, async ({ backend, asked, canceled }) => {
          const controller = new AbortController();
          const iterator = backend.generate(request, callContext(controller.signal))[Symbol.asyncIterator]();
          if (pieces.length > 0) await iterator.next();
          const pending = iterator.next().catch((error: unknown) => error);
          await asked;

          controller.abort();

          expect(await pending).toMatchObject({ kind: "canceled" });
          await canceled;
        }),
      );
    }

    test.if(can("hang"))("an abort with a ServeError as its reason throws that error", () =>
      withDriver({ pieces: [], ending: "hang" }, async ({ backend }) => {
        const controller = new AbortController();
        const outcome = run(backend.generate(request, callContext(controller.signal)));
        const reason = new ServeError("timeout", "Too slow.");

        controller.abort(reason);

        expect((await outcome).failure).toBe(reason);
      }),
    );

    test.if(can("hang"))("a reader that leaves ends the call", () =>
      withDriver({ pieces: [bytesOf("Hello")], ending: "hang" }, async ({ backend, canceled }) => {
        const iterator = backend.generate(request, callContext())[Symbol.asyncIterator]();
        await iterator.next();

        await iterator.return?.();

        await canceled;
      }),
    );

    test("it says that it is ready and names a model", () =>
      withDriver({ pieces: [], ending: "end" }, async ({ backend }) => {
        const { signal } = new AbortController();

        await backend.ready(signal);
        expect((await backend.models(signal)).length).toBeGreaterThan(0);
      }));
  });
}
