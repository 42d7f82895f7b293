import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type DeclarationFile, emitDeclarations } from "./emit.ts";

const root = join(import.meta.dir, "../..");
const entry = join(import.meta.dir, "public.ts");

/**
 * What is behind the names in `public.ts`, as one `declare module "oai-serve"` that imports nothing: what
 * `oai-serve types` prints.
 */
export function generateDeclarations(): string {
  const files = emitDeclarations(entry);
  const publicFile = files.get(entry);
  if (publicFile === undefined) throw new Error("The compiler wrote no declarations.");
  const found = new Map<string, { path: string; text: string }>();
  const add = (file: DeclarationFile, name: string): void => {
    const statements = file.statements.get(name);
    if (statements === undefined) {
      const target = files.get(file.imports.get(name) ?? "");
      if (target !== undefined) add(target, name);
      return;
    }
    const known = found.get(name);
    if (known !== undefined && known.path !== file.path) {
      throw new Error(`${known.path} and ${file.path} both declare ${name}: two things need two names.`);
    }
    if (known !== undefined) return;
    const keyword = publicFile.exported.includes(name) ? "export " : "";
    found.set(name, {
      path: file.path,
      text: statements
        .map(({ text }) => text.replace(/^((?:\/\*\*.*?\*\/\s*)*)/s, `$1${keyword}`))
        .join("\n"),
    });
    for (const used of statements.flatMap(({ names }) => names)) add(file, used);
  };
  for (const name of publicFile.exported) add(publicFile, name);
  const body = [...found.values()].map(({ text }) => text).join("\n\n");
  return format(`${header}declare module "oai-serve" {\n${body}\n\nexport {};\n}\n`);
}

const header = `/** The module "oai-serve", for editors: what \`oai-serve types\` prints. */\n`;

function format(text: string): string {
  const formatter = join(root, "node_modules/.bin/oxfmt");
  const { status, stdout, stderr } = spawnSync(formatter, ["--stdin-filepath", "declarations.d.ts"], {
    cwd: root,
    input: text,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The formatter failed: ${stderr}`);
  return stdout;
}
