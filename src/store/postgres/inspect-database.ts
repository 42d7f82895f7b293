import type { SQL } from "bun";
import { connect } from "./connect.ts";
import { assertOurs } from "./migrate.ts";
import type { PostgresLocation } from "./read-url.ts";

/** Throws what would keep a store from being opened, and leaves everything as it is. */
export async function inspectDatabase(location: PostgresLocation): Promise<void> {
  const client = connect(location);
  try {
    const version = await assertOurs(client, location.schema);
    await assertWritable(client);
    if (version === 0) await assertMayMake(client, location);
  } finally {
    await client.close({ timeout: 1 });
  }
}

async function assertWritable(client: SQL): Promise<void> {
  const [row] = await client.unsafe(
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS fixed",
  );
  if (row?.fixed === true) throw new Error("The database takes no writes.");
}

async function assertMayMake(client: SQL, { database, schema, user }: PostgresLocation): Promise<void> {
  const [row] = await client.unsafe(
    `SELECT CASE WHEN to_regnamespace($1) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
       ELSE has_schema_privilege(to_regnamespace($1)::oid, 'CREATE') END AS may`,
    [schema],
  );
  if (row?.may === true) return;
  throw new Error(`The user '${user}' may not make the schema '${schema}' in the database '${database}'.`);
}
