export type SqlValue = string | number | null;

/** SQL with values in it; a statement, or a part of one. */
export interface Statement {
  readonly parts: readonly string[];
  readonly values: readonly (SqlValue | Statement)[];
}

export type Row = Readonly<Record<string, SqlValue>>;

/**
 * Work in statements, whatever runs them: each is yielded, and its rows come back. What it throws undoes everything
 * that it did.
 */
export type Procedure<Result> = Generator<Statement, Result, readonly Row[]>;

/** What the databases say differently. */
export interface Dialect {
  /** Unix milliseconds, the same throughout a statement. */
  readonly now: Statement;
  /** At the end of a `SELECT`: its rows wait for nobody but this transaction. */
  readonly forUpdate: Statement;
  /** The same, without those that somebody else has. */
  readonly skipLocked: Statement;
}

export interface RenderedStatement {
  text: string;
  values: readonly SqlValue[];
}

/** A statement, or a part of one: values never become SQL, parts do. */
export function sql(parts: TemplateStringsArray, ...values: readonly (SqlValue | Statement)[]): Statement {
  return { parts, values };
}

/** Parts with something between them. */
export function join(statements: readonly Statement[], between: string): Statement {
  const last = statements.length - 1;
  return {
    parts:
      statements.length === 0 ? [""] : ["", ...statements.map((_, index) => (index < last ? between : ""))],
    values: statements,
  };
}

/** As the database takes it, with `prefix` and a number from 1 for each value. */
export function render(statement: Statement, prefix: "?" | "$"): RenderedStatement {
  const values: SqlValue[] = [];
  const textOf = ({ parts, values: own }: Statement): string => {
    let text = parts[0] ?? "";
    for (const [index, value] of own.entries()) {
      if (typeof value === "object" && value !== null) text += textOf(value);
      else text += prefix + values.push(value);
      text += parts[index + 1] ?? "";
    }
    return text;
  };
  return { text: textOf(statement), values };
}
