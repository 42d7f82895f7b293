import { basename, resolve } from "node:path";
import type { McpServerFile, McpServersFile, ToolsFile } from "../agents/config/tool-schema.ts";

/** The same settings with the folder of `file_read` as an absolute path; a relative one lies in `folder`. */
export function toolsBeside(folder: string, { file_read: fileRead, ...tools }: ToolsFile): ToolsFile {
  if (fileRead === undefined) return tools;
  return { ...tools, file_read: { ...fileRead, root: resolve(folder, fileRead.root) } };
}

/**
 * The same servers, of which each process is started in `folder` or where `cwd` leads from there. A command with a slash
 * is a file in `folder`; one without is sought as a shell would.
 */
export function serversBeside(folder: string, servers: McpServersFile): McpServersFile {
  return Object.fromEntries(
    Object.entries(servers).map(([id, server]) => [id, serverBeside(folder, server)]),
  );
}

function serverBeside(folder: string, server: McpServerFile): McpServerFile {
  if ("url" in server) return server;
  const { command, cwd = "." } = server;
  return {
    ...server,
    command: basename(command) === command ? command : resolve(folder, command),
    cwd: resolve(folder, cwd),
  };
}
