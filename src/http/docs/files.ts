/** Everything the pages are made of, embedded in the executable. */
import redocBundle from "redoc/bundles/redoc.standalone.js" with { type: "file" };
import redocNotices from "redoc/bundles/redoc.standalone.js.LICENSE.txt" with { type: "file" };
import redocLicense from "redoc/LICENSE" with { type: "file" };
import favicon from "swagger-ui-dist/favicon-32x32.png" with { type: "file" };
import swaggerLicense from "swagger-ui-dist/LICENSE" with { type: "file" };
import swaggerNotice from "swagger-ui-dist/NOTICE" with { type: "file" };
import swaggerBundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import swaggerNotices from "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt" with { type: "file" };
import swaggerStyle from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import type { AssetSource } from "./asset.ts";
import { createPage } from "./page.ts";
import pageStyle from "./pages/page.css" with { type: "file" };
import redocScript from "./pages/redoc.js" with { type: "file" };
import swaggerScript from "./pages/swagger.js" with { type: "file" };
import { withoutLogo } from "./redoc-logo.ts";

const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";
const text = "text/plain; charset=utf-8";
const png = "image/png";

/** A page, the files that it loads from the folder of its own name, and their licences. */
export interface Page {
  page: AssetSource;
  files: Readonly<Record<string, AssetSource>>;
}

/** By name, which is the path as well. */
export const pages: Readonly<Record<string, Page>> = {
  docs: {
    page: createPage({
      title: "oai-serve: try the API",
      folder: "docs",
      styles: ["swagger-ui.css", "page.css"],
      scripts: ["swagger-ui-bundle.js", "page.js"],
    }),
    files: {
      "page.css": file(pageStyle, style),
      "page.js": file(swaggerScript, script),
      "favicon.png": file(favicon, png),
      "swagger-ui.css": file(swaggerStyle, style),
      "swagger-ui-bundle.js": file(swaggerBundle, script),
      "swagger-ui-bundle.js.LICENSE.txt": file(swaggerNotices, text),
      LICENSE: file(swaggerLicense, text),
      NOTICE: file(swaggerNotice, text),
    },
  },
  redoc: {
    page: createPage({
      title: "oai-serve: API reference",
      folder: "redoc",
      styles: ["page.css"],
      scripts: ["redoc.standalone.js", "page.js"],
      // Redoc searches in a worker that it makes of a blob.
      policy: ["worker-src 'self' blob:"],
    }),
    files: {
      "page.css": file(pageStyle, style),
      "page.js": file(redocScript, script),
      "favicon.png": file(favicon, png),
      "redoc.standalone.js": {
        contentType: script,
        read: async () => withoutLogo(await Bun.file(redocBundle).text()),
      },
      "redoc.standalone.js.LICENSE.txt": file(redocNotices, text),
      LICENSE: file(redocLicense, text),
    },
  },
};

function file(path: string, contentType: string): AssetSource {
  return { contentType, read: () => Bun.file(path).bytes() };
}
