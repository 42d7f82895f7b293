import { afterAll, beforeAll } from "bun:test";
import { createStore } from "../../../src/store/create-store.ts";
import { memoryLog } from "../../support/calls.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { describePostgres } from "../../support/prerequisites.ts";
import { describeRecordStore } from "../records-contract.ts";

describePostgres("the store in PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  let schemas = 0;

  describeRecordStore("PostgreSQL", async (options) => {
    const schema = `contract_${schemas++}`;
    const store = createStore(server.url(schema), memoryLog(), options);
    let ahead = 0;
    await store.open();
    return {
      store,
      /** The clock is the database's. */
      async advance(milliseconds) {
        ahead += milliseconds;
        await server.admin
          .unsafe(`CREATE OR REPLACE FUNCTION ${schema}.now_ms() RETURNS bigint LANGUAGE sql STABLE AS
          $$ SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint + ${ahead} $$`);
      },
    };
  });
});
