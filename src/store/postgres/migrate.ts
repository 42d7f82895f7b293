import type { SQL, TransactionSQL } from "bun";

/** Each brings a schema from the version of its position to the next. What was released is never changed. */
const steps: readonly string[] = [
  `CREATE FUNCTION now_ms() RETURNS bigint LANGUAGE sql STABLE AS
     $$ SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint $$;
   CREATE TABLE shelves (
     number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     owner text NOT NULL,
     collection text NOT NULL,
     record_count bigint NOT NULL,
     bytes bigint NOT NULL,
     UNIQUE (owner, collection)
   );
   CREATE TABLE records (
     number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     shelf bigint NOT NULL,
     version bigint NOT NULL,
     created_at bigint NOT NULL,
     updated_at bigint NOT NULL,
     expires_at bigint,
     due_at bigint,
     entries bigint NOT NULL,
     next_position bigint NOT NULL,
     entry_bytes bigint NOT NULL,
     bytes bigint NOT NULL,
     id text NOT NULL,
     parent text,
     labels text NOT NULL,
     text text NOT NULL,
     UNIQUE (shelf, id)
   );
   CREATE INDEX records_of_shelf ON records (shelf, number);
   CREATE INDEX records_of_shelf_by_age ON records (shelf, updated_at);
   CREATE INDEX records_by_age ON records (updated_at, shelf);
   CREATE INDEX records_by_end ON records (expires_at, shelf) WHERE expires_at IS NOT NULL;
   CREATE INDEX records_due ON records (due_at) WHERE due_at IS NOT NULL;
   CREATE TABLE record_labels (
     record bigint NOT NULL REFERENCES records (number) ON DELETE CASCADE,
     shelf bigint NOT NULL,
     name text NOT NULL,
     value text NOT NULL,
     PRIMARY KEY (record, name)
   );
   CREATE INDEX record_labels_by_value ON record_labels (shelf, name, substr(value, 1, 200), record);
   CREATE TABLE record_entries (
     number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     record bigint NOT NULL REFERENCES records (number) ON DELETE CASCADE,
     shelf bigint NOT NULL,
     position bigint NOT NULL,
     bytes bigint NOT NULL,
     id text,
     text text NOT NULL,
     UNIQUE (record, position)
   );
   CREATE INDEX record_entries_by_id ON record_entries (shelf, substr(id, 1, 200), number) WHERE id IS NOT NULL;
   CREATE TABLE probes (probed_at bigint NOT NULL);
   INSERT INTO probes VALUES (0);`,
];

/** The first number of our advisory locks: "oais" in ASCII; the second is of the schema. */
const lockNumber = 0x6f616973;

/**
 * Brings the schema to the present form, makes it if it is not there, in one transaction that other processes wait for.
 * Throws for one of a later version, and for one with tables that are not ours.
 */
export async function migrate(client: SQL, schema: string): Promise<void> {
  if ((await assertOurs(client, schema)) === steps.length) return;
  await client.begin(async (transaction) => {
    await transaction.unsafe("SELECT pg_advisory_xact_lock($1, hashtext($2))", [lockNumber, schema]);
    // Another process may have done it while this one waited.
    const version = await assertOurs(transaction, schema);
    if (version === steps.length) return;
    if (version === 0) await createSchema(transaction, schema);
    for (const step of steps.slice(version)) await transaction.unsafe(step).simple();
    await transaction.unsafe("UPDATE oai_serve SET version = $1", [steps.length]);
  });
}

/**
 * The version of the schema, 0 for one that is not there or empty. Throws for one of a later version, and for one with
 * tables that are not ours.
 */
export async function assertOurs(client: SQL, schema: string): Promise<number> {
  await assertUnicode(client);
  const tables: readonly { name: string }[] = await client.unsafe(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = $1",
    [schema],
  );
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === "oai_serve")) {
    throw new Error(`The schema '${schema}' has tables of another program.`);
  }
  const [row]: readonly { version: number }[] = await client.unsafe(
    `SELECT version FROM ${schema}.oai_serve`,
  );
  const version = row?.version ?? 0;
  if (version <= steps.length) return version;
  throw new Error(`The store is of version ${version}; this program knows ${steps.length} at most.`);
}

async function assertUnicode(client: SQL): Promise<void> {
  const [row]: readonly { encoding: string }[] = await client.unsafe(
    "SELECT current_setting('server_encoding') AS encoding",
  );
  if (row?.encoding === "UTF8") return;
  throw new Error(`The database is in ${row?.encoding}; it must be in UTF8.`);
}

/** Who may not make schemas can be given one. */
async function createSchema(transaction: TransactionSQL, schema: string): Promise<void> {
  const [existing] = await transaction.unsafe("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  if (existing === undefined) await transaction.unsafe(`CREATE SCHEMA ${schema}`);
  await transaction.unsafe("CREATE TABLE oai_serve (version integer NOT NULL)");
  await transaction.unsafe("INSERT INTO oai_serve VALUES (0)");
}
