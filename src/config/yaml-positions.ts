import type * as YamlLibrary from "yaml";
import type { Document, LineCounter, Node } from "yaml";

/** Where something stands in a text; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Finds the places of a YAML text. Nothing is read before the first question. */
export interface YamlPositions {
  /** Of the last key or element on the path that is there; undefined for a text that is not YAML. */
  of(segments: readonly (string | number)[]): Position | undefined;
  /** Where the text stops being YAML; undefined if it does not. */
  ofMistake(): Position | undefined;
}

/** `text` may be any text. Meant for error messages: it loads a library that a start without mistakes does not need. */
export function createYamlPositions(text: string): YamlPositions {
  let parsed: Parsed | undefined;
  const parse = () => (parsed ??= parseText(text));
  return {
    of(segments) {
      const { document, counter } = parse();
      const offset = document.errors.length > 0 ? undefined : offsetOf(document, segments);
      return offset === undefined ? undefined : positionOf(offset, counter);
    },
    ofMistake() {
      const { document, counter } = parse();
      const [mistake] = document.errors;
      return mistake === undefined ? undefined : positionOf(mistake.pos[0], counter);
    },
  };
}

interface Parsed {
  document: Document;
  counter: LineCounter;
}

function parseText(text: string): Parsed {
  const counter = new (library().LineCounter)();
  const document = library().parseDocument(text, {
    lineCounter: counter,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  return { document, counter };
}

function library(): typeof YamlLibrary {
  // An import would be loaded at every start, and a dynamic one would make all of the configuration asynchronous.
  return require("yaml");
}

function positionOf(offset: number, counter: LineCounter): Position {
  const { line, col: column } = counter.linePos(offset);
  return { line, column };
}

/** Of the key where there is one, so that a missing or empty value has a place too. */
function offsetOf(document: Document, segments: readonly (string | number)[]): number | undefined {
  const { isMap, isSeq, isAlias, isScalar, isNode } = library();
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const segment of segments) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(segment));
      if (pair === undefined) break;
      offset = isNode(pair.key) ? startOf(pair.key) : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(segment)];
      if (item === undefined) break;
      offset = isNode(item) ? startOf(item) : offset;
      node = item;
    } else break;
  }
  return offset;
}

function startOf(node: Node): number | undefined {
  return node.range?.[0];
}
