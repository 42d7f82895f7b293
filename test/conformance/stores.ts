import { afterAll, beforeAll } from "bun:test";
import type { BehaviourOptions } from "../support/anyserve/anyserve.ts";
import type { GatewayOptions } from "../support/harness.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { describeBlackBox, describePostgresBlackBox } from "../support/prerequisites.ts";
import { type Bed, startBedWith } from "./bed.ts";

export interface StoreBedOptions extends GatewayOptions {
  backends: Readonly<Record<string, BehaviourOptions>>;
}

/** What runs while the tests of one store do. */
export interface Subject {
  stop(): Promise<void>;
}

/** Runs the cases against the executable once for each kind of store; `bed` is there while a test runs. */
export function describeOnEachStore(
  name: string,
  { backends, args = [], ...options }: StoreBedOptions,
  body: (bed: () => Bed) => void,
): void {
  const start = (store: string) => startBedWith(backends, { ...options, args: [...args, "--store", store] });
  describeStores(name, start, body);
}

/** The same with what `start` makes for the URL of a store. */
export function describeStores<Started extends Subject>(
  name: string,
  start: (store: string) => Promise<Started>,
  body: (subject: () => Started) => void,
): void {
  for (const [kind, store] of [
    ["memory", "memory:"],
    ["SQLite", "sqlite:store.db"],
  ] as const) {
    describeBlackBox(`${name}, in ${kind}`, () => body(running(() => start(store))));
  }
  describePostgresBlackBox(`${name}, in PostgreSQL`, () => {
    let server: PostgresServer | undefined;
    const subject = running(async () => {
      server = await startPostgres();
      return start(server.url());
    });
    body(subject);
    afterAll(() => server?.[Symbol.asyncDispose]());
  });
}

function running<Started extends Subject>(start: () => Promise<Started>): () => Started {
  let started: Started | undefined;
  beforeAll(async () => {
    started = await start();
  }, 60_000);
  afterAll(() => started?.stop());
  return () => {
    if (started === undefined) throw new Error("It has not started.");
    return started;
  };
}
