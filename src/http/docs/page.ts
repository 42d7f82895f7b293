import type { AssetSource } from "./asset.ts";

export interface PageParts {
  title: string;
  /** Where the files of the page are, relative to its own folder. */
  folder: string;
  styles: readonly string[];
  scripts: readonly string[];
  /** Directives of the content security policy beside those of every page. */
  policy?: readonly string[];
}

/** Nothing but what this server itself sends. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  // Swagger UI and Redoc put styles into the document while they run.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/** A page without a line of script in it, as its policy demands: it is an element `app` and the names of files. */
export function createPage(parts: PageParts): AssetSource {
  const lines = [
    `<link rel="icon" type="image/png" href="${parts.folder}/favicon.png">`,
    ...parts.styles.map((name) => `<link rel="stylesheet" href="${parts.folder}/${name}">`),
    ...parts.scripts.map((name) => `<script src="${parts.folder}/${name}" defer></script>`),
  ];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${parts.title}</title>
${lines.join("\n")}
</head>
<body>
<noscript>This page needs JavaScript. The same for programs is in openapi.json.</noscript>
<div id="app"></div>
</body>
</html>
`;
  return {
    contentType: "text/html; charset=utf-8",
    policy: [...policy, ...(parts.policy ?? [])].join("; "),
    read: async () => html,
  };
}
