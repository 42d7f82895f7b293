import type { Database } from "bun:sqlite";

/** Marks our files: "oais" in ASCII. */
const applicationId = 0x6f616973;

/** Each brings a file from the version of its position to the next. What was released is never changed. */
const steps: readonly string[] = [
  `CREATE TABLE conversations (
     number INTEGER PRIMARY KEY,
     owner TEXT NOT NULL,
     id TEXT NOT NULL,
     model TEXT NOT NULL,
     version INTEGER NOT NULL,
     messages INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     UNIQUE (owner, id)
   ) STRICT;
   CREATE INDEX conversations_by_age ON conversations (updated_at);
   CREATE INDEX conversations_of_owner_by_age ON conversations (owner, updated_at);
   CREATE TABLE conversation_messages (
     conversation INTEGER NOT NULL REFERENCES conversations (number) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     message TEXT NOT NULL,
     UNIQUE (conversation, position)
   ) STRICT;
   CREATE TABLE conversation_owners (
     owner TEXT PRIMARY KEY,
     conversations INTEGER NOT NULL
   ) STRICT;
   CREATE TRIGGER conversation_begun AFTER INSERT ON conversations BEGIN
     INSERT INTO conversation_owners VALUES (new.owner, 1)
       ON CONFLICT (owner) DO UPDATE SET conversations = conversations + 1;
   END;
   CREATE TRIGGER conversation_gone AFTER DELETE ON conversations BEGIN
     UPDATE conversation_owners SET conversations = conversations - 1 WHERE owner = old.owner;
   END;`,
  // Bytes as `sizeOfTexts` counts them, and 512 for the conversation.
  `ALTER TABLE conversations ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE conversation_owners ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
   UPDATE conversations SET bytes = 512 + (
     SELECT coalesce(sum(64 + length(CAST(message AS BLOB))), 0)
     FROM conversation_messages WHERE conversation = number
   );
   UPDATE conversation_owners SET bytes = (
     SELECT coalesce(sum(bytes), 0) FROM conversations WHERE owner = conversation_owners.owner
   );
   DROP TRIGGER conversation_begun;
   DROP TRIGGER conversation_gone;
   CREATE TRIGGER conversation_begun AFTER INSERT ON conversations BEGIN
     INSERT INTO conversation_owners (owner, conversations, bytes) VALUES (new.owner, 1, new.bytes)
       ON CONFLICT (owner) DO UPDATE SET conversations = conversations + 1, bytes = bytes + new.bytes;
   END;
   CREATE TRIGGER conversation_grown AFTER UPDATE OF bytes ON conversations BEGIN
     UPDATE conversation_owners SET bytes = bytes + new.bytes - old.bytes WHERE owner = new.owner;
   END;
   CREATE TRIGGER conversation_gone AFTER DELETE ON conversations BEGIN
     UPDATE conversation_owners SET conversations = conversations - 1, bytes = bytes - old.bytes
       WHERE owner = old.owner;
   END;`,
  `DROP TABLE conversation_messages;
   DROP TABLE conversations;
   DROP TABLE conversation_owners;
   CREATE TABLE shelves (
     number INTEGER PRIMARY KEY,
     owner TEXT NOT NULL,
     collection TEXT NOT NULL,
     record_count INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     UNIQUE (owner, collection)
   ) STRICT;
   CREATE TABLE records (
     number INTEGER PRIMARY KEY,
     shelf INTEGER NOT NULL,
     id TEXT NOT NULL,
     version INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     expires_at INTEGER,
     due_at INTEGER,
     parent TEXT,
     labels TEXT NOT NULL,
     entries INTEGER NOT NULL,
     next_position INTEGER NOT NULL,
     entry_bytes INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     text TEXT NOT NULL,
     UNIQUE (shelf, id)
   ) STRICT;
   CREATE INDEX records_of_shelf ON records (shelf, number);
   CREATE INDEX records_of_shelf_by_age ON records (shelf, updated_at);
   CREATE INDEX records_by_age ON records (updated_at, shelf);
   CREATE INDEX records_by_end ON records (expires_at, shelf) WHERE expires_at IS NOT NULL;
   CREATE INDEX records_due ON records (due_at) WHERE due_at IS NOT NULL;
   CREATE TABLE record_labels (
     record INTEGER NOT NULL REFERENCES records (number) ON DELETE CASCADE,
     shelf INTEGER NOT NULL,
     name TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (record, name)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX record_labels_by_value ON record_labels (shelf, name, substr(value, 1, 200), record);
   CREATE TABLE record_entries (
     number INTEGER PRIMARY KEY,
     record INTEGER NOT NULL REFERENCES records (number) ON DELETE CASCADE,
     shelf INTEGER NOT NULL,
     position INTEGER NOT NULL,
     id TEXT,
     bytes INTEGER NOT NULL,
     text TEXT NOT NULL,
     UNIQUE (record, position)
   ) STRICT;
   CREATE INDEX record_entries_by_id ON record_entries (shelf, substr(id, 1, 200), number) WHERE id IS NOT NULL;
   CREATE TABLE probes (probed_at INTEGER NOT NULL) STRICT;
   INSERT INTO probes VALUES (0);`,
];

/**
 * Brings the file to the present form, in one transaction that other processes wait for. Throws for a file of a later
 * version, and for one with tables that are not ours.
 */
export function migrate(database: Database): void {
  if (versionOf(database) === steps.length) return;
  database
    .transaction(() => {
      // Another process may have done it while this one waited.
      const version = assertOurs(database);
      for (const step of steps.slice(version)) database.run(step);
      database.run(`PRAGMA application_id = ${applicationId}`);
      database.run(`PRAGMA user_version = ${steps.length}`);
    })
    .immediate();
}

/** The version of the file. Throws for one of a later version, and for one with tables that are not ours. */
export function assertOurs(database: Database): number {
  const version = versionOf(database);
  if (version <= steps.length) return version;
  throw new Error(`The store is of version ${version}; this program knows ${steps.length} at most.`);
}

function versionOf(database: Database): number {
  const id = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  const tables = database.query<{ count: number }, []>("SELECT count(*) AS count FROM sqlite_schema").get();
  if (id !== applicationId && (id !== 0 || version !== 0 || (tables?.count ?? 0) > 0)) {
    throw new Error("The file is a database of another program.");
  }
  return version;
}

function pragma(database: Database, name: "application_id" | "user_version"): number {
  const [value] = database.query<Record<string, number>, []>(`PRAGMA ${name}`).values().flat();
  return Number(value);
}
