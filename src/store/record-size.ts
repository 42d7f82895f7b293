import type { Entry } from "./records.ts";

/** What a record costs a store besides its texts. */
const recordBytes = 512;
/** What an entry or a label costs besides its texts. */
const partBytes = 64;

/** Bytes of a record without its entries, as a store counts them. */
export function sizeOfHead(text: string, labels: Readonly<Record<string, string>>): number {
  const ofLabels = Object.entries(labels).map(([name, value]) => partBytes + bytesOf(name) + bytesOf(value));
  return recordBytes + bytesOf(text) + sum(ofLabels);
}

/** Bytes of entries, likewise. */
export function sizeOfEntries(entries: readonly Entry[]): number {
  return sum(entries.map(sizeOfEntry));
}

export function sizeOfEntry({ id = "", text }: Entry): number {
  return partBytes + bytesOf(id) + bytesOf(text);
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
