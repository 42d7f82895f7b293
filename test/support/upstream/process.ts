import { join } from "node:path";
import { childLines } from "../child-lines.ts";

/** What one request to an upstream in a process of its own was. */
export interface ReportedRequest {
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: Readonly<Record<string, unknown>>;
}

export interface UpstreamProcess {
  /** Base URL with `/v1`. */
  url: string;
  pid: number;
  /** Every request so far. */
  requests: readonly ReportedRequest[];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs an upstream in a process of its own. `module` is the path of a file that exports `script`, and `options` if it
 * wants any.
 */
export async function spawnUpstream(module: string, port = 0): Promise<UpstreamProcess> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "serve.ts"), module, String(port)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const requests: ReportedRequest[] = [];
  const lines = childLines(child.stdout);
  const first = await lines.next();
  if (first.done === true) throw new Error(`the upstream of ${module} did not start`);
  const read = async () => {
    for await (const line of lines) {
      const request: ReportedRequest = JSON.parse(line);
      requests.push(request);
    }
  };
  const reading = read();
  return {
    url: first.value,
    pid: child.pid,
    requests,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await Promise.all([child.exited, reading]);
    },
  };
}
