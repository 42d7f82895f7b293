import { commandR } from "./command-r.ts";
import { deepseek } from "./deepseek.ts";
import type { ToolCallFormat, ToolCallFormatName } from "./format.ts";
import { granite } from "./granite.ts";
import { hermes } from "./hermes.ts";
import { internlm } from "./internlm.ts";
import { json } from "./json.ts";
import { llamaPythonic } from "./llama-pythonic.ts";
import { llama3Json } from "./llama3-json.ts";
import { mistral } from "./mistral.ts";
import { phi } from "./phi.ts";
import { xlam } from "./xlam.ts";
import { xml } from "./xml.ts";

/** Every form of tool calls, by its name in the configuration. */
export const toolCallFormats: Readonly<Record<ToolCallFormatName, ToolCallFormat>> = {
  hermes,
  "llama3-json": llama3Json,
  "llama-pythonic": llamaPythonic,
  mistral,
  granite,
  deepseek,
  phi,
  internlm,
  xlam,
  "command-r": commandR,
  json,
  xml,
};
