/** `bun serve.ts MODULE [PORT]`: an upstream with the module's `script`. Prints its URL, then each request as JSON. */
import { resolve } from "node:path";
import { startUpstream, type UpstreamOptions, type UpstreamScript } from "./upstream.ts";

const [path = "", port = "0"] = process.argv.slice(2);
const { script, options }: { script?: UpstreamScript; options?: UpstreamOptions } = await import(
  resolve(path)
);
const upstream = await startUpstream(script, {
  ...options,
  port: Number(port),
  onRequest: ({ method, path: asked, headers, body }) => {
    process.stdout.write(`${JSON.stringify({ method, path: asked, headers, body })}\n`);
  },
});
process.stdout.write(`${upstream.url}\n`);
