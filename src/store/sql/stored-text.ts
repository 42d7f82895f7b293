import type { Row, SqlValue } from "./statement.ts";

/** Stands before the four hexadecimal digits of a character that a database does not keep; Unicode has none there. */
const escape = "\uFFFE";

/** Halves of surrogate pairs, which UTF-8 cannot say, NUL, which PostgreSQL refuses, and its neighbours; the escape itself. */
const unkept = /\p{Surrogate}|\p{Control}|\uFFFE/gu;
const escaped = /\uFFFE([0-9a-f]{4})/g;

/** A value as databases keep it, different for different texts; nearly always itself. */
export function toStored(value: SqlValue): SqlValue {
  if (typeof value !== "string") return value;
  if (value.isWellFormed() && !value.includes("\0") && !value.includes(escape)) return value;
  return value.replaceAll(
    unkept,
    (character) => escape + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** A row whose values went through `toStored`. */
export function ofStoredRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, ofStored(value)]));
}

function ofStored(value: SqlValue): SqlValue {
  if (typeof value !== "string" || !value.includes(escape)) return value;
  return value.replaceAll(escaped, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
