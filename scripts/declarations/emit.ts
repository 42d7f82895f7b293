import { dirname, join } from "node:path";
import ts from "typescript-5";

/** The declarations of one source file, by the names at its top level. */
export interface DeclarationFile {
  path: string;
  /** Overloads of a function are several statements of one name. */
  statements: ReadonlyMap<string, readonly DeclarationStatement[]>;
  /** Path of the file that each imported or re-exported name comes from. */
  imports: ReadonlyMap<string, string>;
  /** Names that it exports, in their order. */
  exported: readonly string[];
}

export interface DeclarationStatement {
  /** With its comment. */
  text: string;
  /** What it mentions, of whatever kind. */
  names: readonly string[];
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: [],
  declaration: true,
  emitDeclarationOnly: true,
  stripInternal: true,
};

/** What the compiler declares of `entry` and of all that it imports, by the path of the source. */
export function emitDeclarations(entry: string): ReadonlyMap<string, DeclarationFile> {
  const files = new Map<string, DeclarationFile>();
  const program = ts.createProgram([entry], options);
  program.emit(
    undefined,
    (_, text, __, ___, sources = []) => {
      const [source] = sources;
      if (source !== undefined) files.set(source.fileName, read(source.fileName, text));
    },
    undefined,
    true,
  );
  return files;
}

function read(path: string, text: string): DeclarationFile {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const statements = new Map<string, DeclarationStatement[]>();
  const imports = new Map<string, string>();
  const exported: string[] = [];
  for (const statement of source.statements) {
    const from = moduleOf(statement);
    for (const name of namesIn(statement)) {
      if (from !== undefined) imports.set(name, join(dirname(path), from));
      else statements.set(name, [...(statements.get(name) ?? []), toStatement(statement)]);
      if (isExported(statement)) exported.push(name);
    }
  }
  return { path, statements, imports, exported };
}

function moduleOf(statement: ts.Statement): string | undefined {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  const { moduleSpecifier } = statement;
  return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier)
    ? moduleSpecifier.text
    : undefined;
}

/** The names that a statement declares, imports or re-exports. */
function namesIn(statement: ts.Statement): string[] {
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    return bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements.map(unrenamed) : [];
  }
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement;
    return exportClause !== undefined && ts.isNamedExports(exportClause)
      ? exportClause.elements.map(unrenamed)
      : [];
  }
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const isNamed =
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isFunctionDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}

function unrenamed({ name, propertyName }: ts.ImportSpecifier | ts.ExportSpecifier): string {
  if (propertyName === undefined) return name.text;
  throw new Error(
    `${propertyName.text} is imported as ${name.text}: the declarations need one name for a thing.`,
  );
}

function isExported(statement: ts.Statement): boolean {
  if (ts.isExportDeclaration(statement)) return true;
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function toStatement(statement: ts.Statement): DeclarationStatement {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  const text = statement.getFullText().trim();
  return {
    text: text.replace(/^((?:\/\*\*.*?\*\/\s*)*)(?:export\s+)?(?:declare\s+)?/s, "$1"),
    names: [...names],
  };
}
