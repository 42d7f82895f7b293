import cl100kPath from "tiktoken/encoders/cl100k_base.json" with { type: "file" };
import o200kPath from "tiktoken/encoders/o200k_base.json" with { type: "file" };
import p50kPath from "tiktoken/encoders/p50k_base.json" with { type: "file" };
import p50kEditPath from "tiktoken/encoders/p50k_edit.json" with { type: "file" };
import r50kPath from "tiktoken/encoders/r50k_base.json" with { type: "file" };
import { init, Tiktoken } from "tiktoken/lite/init";
import * as wasmPath from "tiktoken/lite/tiktoken_bg.wasm" with { type: "file" };
import type { Encoding } from "./encoding.ts";

const encoders = new Map<Encoding, Promise<Tiktoken>>();
let ready: Promise<unknown> | undefined;

/** The encoder, built at the first call (100 to 200 ms, and some 40 MB) and kept. */
export function loadEncoder(encoding: Encoding): Promise<Tiktoken> {
  let encoder = encoders.get(encoding);
  if (encoder === undefined) {
    encoder = build(encoding);
    encoders.set(encoding, encoder);
  }
  return encoder;
}

// The type checker sees what is in the files; at run time an import of type "file" is the path of one.
const ranksPaths: Record<Encoding, unknown> = {
  cl100k_base: cl100kPath,
  o200k_base: o200kPath,
  p50k_base: p50kPath,
  p50k_edit: p50kEditPath,
  r50k_base: r50kPath,
};

async function build(encoding: Encoding): Promise<Tiktoken> {
  ready ??= loadModule();
  await ready;
  const ranks = decodeRanks(await Bun.file(toPath(ranksPaths[encoding])).json());
  return new Tiktoken(ranks.bpe_ranks, ranks.special_tokens, ranks.pat_str);
}

async function loadModule(): Promise<unknown> {
  const bytes = await Bun.file(toPath(wasmPath)).arrayBuffer();
  return init((imports) => WebAssembly.instantiate(bytes, imports));
}

function toPath(imported: unknown): string {
  if (typeof imported === "string") return imported;
  if (typeof imported === "object" && imported !== null && "default" in imported) {
    return toPath(imported.default);
  }
  throw new Error("An encoding's file is not part of this build.");
}

interface Ranks {
  bpe_ranks: string;
  special_tokens: Record<string, number>;
  pat_str: string;
}

function decodeRanks(json: unknown): Ranks {
  if (!isRanks(json)) throw new Error("An encoding's file is damaged.");
  return json;
}

function isRanks(json: unknown): json is Ranks {
  if (typeof json !== "object" || json === null) return false;
  if (!("bpe_ranks" in json && "special_tokens" in json && "pat_str" in json)) return false;
  return (
    typeof json.bpe_ranks === "string" &&
    typeof json.pat_str === "string" &&
    typeof json.special_tokens === "object"
  );
}
