import type { SchemaChecker } from "../../json-schema/checker.ts";
import type { ToolsFile } from "../config/tool-schema.ts";
import type { AgentTool } from "../kit/tool.ts";
import { calculator } from "./calculator.ts";
import { createCurrentTime } from "./current-time.ts";
import { createFileRead } from "./file-read.ts";
import { createHttpRequest, type HttpRequestOptions } from "./http-request.ts";
import { createJsonValidator } from "./json-validator.ts";

export interface BuiltInOptions {
  settings: ToolsFile;
  schemas: SchemaChecker;
  now?: () => Date;
  http?: HttpRequestOptions;
}

/** The tools that every agent may name. Those that reach out of the server do nothing until they are configured. */
export function createBuiltInTools(options: BuiltInOptions): readonly AgentTool[] {
  const { settings, schemas, now = () => new Date(), http } = options;
  return [
    createHttpRequest(settings.http_request, http),
    createFileRead(settings.file_read),
    createJsonValidator(schemas),
    calculator,
    createCurrentTime(now),
  ];
}
