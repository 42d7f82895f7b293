import type { Change, Entry, Page, RecordKey, StoredEntry, StoredRecord, WholeRecord } from "../records.ts";

export type Part = string | number;

/** What is small as JSON, and the texts behind it in the order in which they are met. */
export type Packed = readonly [json: string, ...parts: Part[]];

/** How values go from one thread to another. */
export interface Packing<Value> {
  readonly pack: (value: Value) => Packed;
  readonly unpack: (packed: Packed) => Value;
}

/** Values without large texts. */
export function asJson<Value>(): Packing<Value> {
  return {
    pack: (value) => [JSON.stringify(value)],
    unpack: ([json]) => {
      const value: Value = JSON.parse(json);
      return value;
    },
  };
}

/** The same, or undefined. */
export function optional<Value>({ pack, unpack }: Packing<Value>): Packing<Value | undefined> {
  return {
    pack: (value) => (value === undefined ? [""] : pack(value)),
    unpack: (packed) => (packed[0] === "" ? undefined : unpack(packed)),
  };
}

/** A change without its texts. */
type PackedChange =
  | (Omit<Extract<Change, { kind: "put" }>, "text" | "append"> & { hasText: boolean; appended: number })
  | Exclude<Change, { kind: "put" }>;

export const packedChanges: Packing<readonly Change[]> = {
  pack(changes) {
    const parts: Part[] = [];
    const small = changes.map((change): PackedChange => {
      if (change.kind !== "put") return change;
      const { text, append = [], ...rest } = change;
      if (text !== undefined) parts.push(text);
      for (const entry of append) parts.push(entry.id ?? 0, entry.text);
      return { ...rest, hasText: text !== undefined, appended: append.length };
    });
    return [JSON.stringify(small), ...parts];
  },
  unpack([json, ...parts]) {
    const reader = new PartReader(parts);
    const small: readonly PackedChange[] = JSON.parse(json);
    return small.map((change): Change => {
      if (change.kind !== "put") return change;
      const { hasText, appended, ...rest } = change;
      const text = hasText ? { text: reader.text() } : {};
      return { ...rest, ...text, append: reader.entries(appended) };
    });
  },
};

export const packedHeads: Packing<readonly StoredRecord[]> = {
  pack: (heads) => [
    JSON.stringify(heads.map(({ text: _text, ...head }) => head)),
    ...heads.map(({ text }) => text),
  ],
  unpack([json, ...parts]) {
    const reader = new PartReader(parts);
    const heads: readonly Omit<StoredRecord, "text">[] = JSON.parse(json);
    return heads.map((head) => ({ ...head, text: reader.text() }));
  },
};

export const packedHead: Packing<StoredRecord> = {
  pack: (head) => packedHeads.pack([head]),
  unpack: (packed) => firstOf(packedHeads.unpack(packed)),
};

export const packedWholes: Packing<readonly WholeRecord[]> = {
  pack(records) {
    const parts: Part[] = [];
    for (const { text, list } of records) {
      parts.push(text);
      pushEntries(parts, list);
    }
    return [JSON.stringify(records.map(({ text: _text, list: _list, ...head }) => head)), ...parts];
  },
  unpack([json, ...parts]) {
    const reader = new PartReader(parts);
    const heads: readonly Omit<StoredRecord, "text">[] = JSON.parse(json);
    return heads.map((head) => ({ ...head, text: reader.text(), list: reader.storedEntries(head.entries) }));
  },
};

export const packedEntries: Packing<Page<StoredEntry>> = {
  pack({ items, hasMore }) {
    const parts: Part[] = [];
    pushEntries(parts, items);
    return [JSON.stringify([items.length, hasMore]), ...parts];
  },
  unpack([json, ...parts]) {
    const [count, hasMore]: readonly [number, boolean] = JSON.parse(json);
    return { items: new PartReader(parts).storedEntries(count), hasMore };
  },
};

export const packedPage: Packing<Page<StoredRecord>> = {
  pack({ items, hasMore }) {
    const [json, ...parts] = packedHeads.pack(items);
    return [json, hasMore ? 1 : 0, ...parts];
  },
  unpack: ([json, hasMore = 0, ...parts]) => ({
    items: packedHeads.unpack([json, ...parts]),
    hasMore: hasMore === 1,
  }),
};

export const packedEntry: Packing<StoredEntry & { key: RecordKey }> = {
  pack({ key, ...entry }) {
    const parts: Part[] = [];
    pushEntries(parts, [entry]);
    return [JSON.stringify(key), ...parts];
  },
  unpack([json, ...parts]) {
    const key: RecordKey = JSON.parse(json);
    return { ...firstOf(new PartReader(parts).storedEntries(1)), key };
  },
};

function pushEntries(parts: Part[], entries: readonly StoredEntry[]): void {
  for (const { position, id, text } of entries) parts.push(position, id ?? 0, text);
}

function firstOf<Value>([first]: readonly Value[]): Value {
  if (first === undefined) throw new Error("The store's thread left something out.");
  return first;
}

/** Parts in their order. */
class PartReader {
  readonly #parts: readonly Part[];
  #next = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  text(): string {
    return String(this.#parts[this.#next++] ?? "");
  }

  entries(count: number): Entry[] {
    return Array.from({ length: count }, () => this.#entry());
  }

  storedEntries(count: number): StoredEntry[] {
    return Array.from({ length: count }, () => ({
      position: Number(this.#parts[this.#next++]),
      ...this.#entry(),
    }));
  }

  #entry(): Entry {
    const id = this.#parts[this.#next++];
    return { ...(typeof id === "string" && { id }), text: this.text() };
  }
}
