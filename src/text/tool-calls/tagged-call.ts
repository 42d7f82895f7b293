import { isRecord } from "../../core/json.ts";
import type { BlockReader, Reading } from "./block-reader.ts";

/**
 * The tags of a call whose arguments stand one by one in tags of their own. An opening tag is given up to its name,
 * which follows in quotes or not, with further attributes or not, up to `>`.
 */
export interface TagForm {
  open: string;
  close: string;
  argument: string;
  argumentEnd: string;
}

/** Reads a call after its `open`. A value is JSON if the tool's schema lets it be and it is; else it is text. */
export function* readTaggedCall(reader: BlockReader, form: TagForm): Reading<boolean> {
  const tag = yield* readTag(reader);
  if (tag === undefined || !reader.tools.names.has(tag.name)) return false;
  const properties = reader.tools.schemaOf?.(tag.name)?.["properties"];
  for (let count = 0; ; count++) {
    const next = tag.isEmpty ? undefined : yield* reader.afterSpace();
    // An answer that ends between two arguments leaves a complete call.
    if (next === "" && count === 0) return false;
    const isEnd = next === undefined || next === "";
    const mark = isEnd ? form.close : yield* reader.literal(form.argument, form.close);
    if (mark === undefined) return false;
    if (mark === form.close) {
      if (count === 0) reader.begin(tag.name);
      reader.give(count === 0 ? "{}" : "}");
      return true;
    }
    const argument = yield* readTag(reader);
    if (argument === undefined) return false;
    const value = argument.isEmpty ? "" : yield* reader.until(form.argumentEnd);
    if (value === undefined) return false;
    if (count === 0) reader.begin(tag.name);
    const schema = isRecord(properties) ? properties[argument.name] : undefined;
    const json = toJson(value, argument.isString ?? isTextOnly(schema));
    reader.give(`${count === 0 ? "{" : ","}${JSON.stringify(argument.name)}:${json}`);
  }
}

export interface Tag {
  name: string;
  /** Ends in `/>`. */
  isEmpty: boolean;
  /** What an attribute `string` says. */
  isString: boolean | undefined;
}

/** Reads the rest of an opening tag, from its name on. Undefined if it is none. */
export function* readTag(reader: BlockReader): Reading<Tag | undefined> {
  const quote = yield* reader.peek();
  const isQuoted = quote === '"' || quote === "'";
  if (isQuoted) reader.advance();
  const name = yield* reader.take(isQuoted ? quotedName : bareName, maxName);
  if (name === undefined || name === "") return undefined;
  if (isQuoted) {
    if ((yield* reader.peek()) !== quote) return undefined;
    reader.advance();
  }
  const attributes = yield* reader.take(/[^<>]+/y, maxAttributes);
  if (attributes === undefined || (yield* reader.peek()) !== ">") return undefined;
  reader.advance();
  const string = /\bstring=["'](true|false)["']/.exec(attributes)?.[1];
  return {
    name,
    isEmpty: attributes.endsWith("/"),
    isString: string === undefined ? undefined : string === "true",
  };
}

const maxName = 256;
const maxAttributes = 1_024;
const quotedName = /[^"'<>]+/y;
const bareName = /[^\s"'<>/]+/y;

/** Models trained on Python write its constants. */
const constants: ReadonlyMap<string, string> = new Map([
  ["True", "true"],
  ["False", "false"],
  ["None", "null"],
]);

function toJson(written: string, isText: boolean): string {
  const text = written.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
  if (isText) return JSON.stringify(text);
  const value = constants.get(text.trim()) ?? text.trim();
  try {
    JSON.parse(value);
    return value;
  } catch {
    return JSON.stringify(text);
  }
}

function isTextOnly(schema: unknown): boolean {
  if (!isRecord(schema)) return false;
  const { type, enum: values } = schema;
  if (type === undefined) return Array.isArray(values) && values.every((value) => typeof value === "string");
  return type === "string";
}
