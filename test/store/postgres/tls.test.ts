import { afterAll, beforeAll, expect, test } from "bun:test";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { type Authority, createAuthority } from "../../support/certificates.ts";
import { failureOf } from "../../support/failure.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { describePostgres } from "../../support/prerequisites.ts";

describePostgres("an encrypted connection to PostgreSQL", () => {
  let authority: Authority;
  let stranger: Authority;
  let server: PostgresServer;
  let plain: PostgresServer;
  beforeAll(async () => {
    authority = createAuthority();
    stranger = createAuthority();
    server = await startPostgres({ certificate: authority.issue({ names: "DNS:localhost" }) });
    plain = await startPostgres();
  });
  afterAll(async () => {
    for (const each of [server, plain]) await each[Symbol.asyncDispose]();
    for (const each of [authority, stranger]) each.remove();
  });

  /** The server's certificate is for `localhost`. */
  const cases: readonly [mode: string, ca: "own" | "other" | "none", host: string, isMade: boolean][] = [
    ["prefer", "none", "127.0.0.1", true],
    ["require", "none", "127.0.0.1", true],
    ["verify-ca", "own", "127.0.0.1", true],
    ["verify-ca", "other", "127.0.0.1", false],
    ["verify-full", "own", "localhost", true],
    ["verify-full", "own", "127.0.0.1", false],
    ["verify-full", "other", "localhost", false],
    ["verify-full", "none", "localhost", false],
    ["require", "other", "localhost", false],
    ["require", "own", "127.0.0.1", true],
  ];
  for (const [mode, ca, host, isMade] of cases) {
    test(`is ${isMade ? "made" : "refused"} with ${mode}, certificates of ${ca}, as ${host}`, async () => {
      const file = { own: authority, other: stranger, none: undefined }[ca]?.certificateFile;
      const given = file === undefined ? "" : `&sslrootcert=${encodeURIComponent(file)}`;
      const url = `${server.url().replace("127.0.0.1", host)}&sslmode=${mode}${given}`;
      const store = createStore(url, memoryLog());

      const outcome = await store.probe().then(
        () => true,
        () => false,
      );
      await store.close();

      expect(outcome).toBe(isMade);
    });
  }

  test("is what the server sees", async () => {
    const store = createStore(`${server.url()}&sslmode=require`, memoryLog());
    await store.probe();

    const seen = await server.admin.unsafe(
      "SELECT bool_and(ssl) AS encrypted FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'oai-serve'",
    );
    await store.close();

    expect(seen[0].encrypted).toBe(true);
  });

  test("is not given up where the server has none", async () => {
    const store = createStore(`${plain.url()}&sslmode=require`, memoryLog());

    expect(await failureOf(store.probe())).toMatchObject({ code: "store_unavailable" });
    await store.close();
  });
});
