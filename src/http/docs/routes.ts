import { Elysia } from "elysia";
import { ServeError } from "../../core/error.ts";
import { shown } from "../path.ts";
import { type Asset, createAsset } from "./asset.ts";
import type { Documented } from "./document.ts";
import { type Page, pages } from "./files.ts";

/** Whether the path is one of the documentation's, which needs no key. */
export function isDocsPath(path: string): boolean {
  return path === "/openapi.json" || /^\/(docs|redoc)(\/|$)/.test(path);
}

/**
 * `/openapi.json`, generated from the schemas of the described routes at its first request; `/docs` (Swagger UI)
 * and `/redoc` (Redoc), which show it. All of it is in the executable, and none of it asks another host.
 */
export function docsRoutes(documented: Documented) {
  const document = createAsset({
    contentType: "application/json",
    // Loaded when it is wanted: the generator would cost every start its import.
    read: async () => (await import("./document.ts")).createDocument(documented),
  });
  const app = new Elysia({ name: "docs", normalize: false });
  app.get("/openapi.json", ({ request }) => document.respond(request));
  for (const [name, page] of Object.entries(pages)) mount(app, name, page);
  return app;
}

function mount(app: Elysia, name: string, { page, files }: Page): void {
  const asset = createAsset(page);
  const assets = new Map<string, Asset>(
    Object.entries(files).map(([fileName, source]) => [fileName, createAsset(source)]),
  );
  app.get(`/${name}`, ({ request }) => asset.respond(request));
  app.get(`/${name}/*`, ({ request, params }) => {
    // Pages name their files relative to themselves, for proxies that mount the server below a prefix. For a page
    // that was asked for with a slash at its end that is one folder deeper.
    const path = params["*"];
    const found = assets.get(path.startsWith(`${name}/`) ? path.slice(name.length + 1) : path);
    if (found === undefined) {
      throw new ServeError("not_found", `There is no GET ${shown(`/${name}/${path}`)} here.`, {
        code: "unknown_url",
      });
    }
    return found.respond(request);
  });
}
