/** A piece of an expression. */
export interface Token {
  kind: "number" | "name" | "sign" | "end";
  text: string;
  /** Place in the expression, from 1. */
  at: number;
}

const longest = 1_000;
const pattern =
  /\s*(?:((?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z0-9]*)|(\*\*|[-+*/%^!(),×÷·−]))/y;
const spellings: Readonly<Record<string, string>> = { "×": "*", "·": "*", "÷": "/", "−": "-", "**": "^" };

/** Throws an `Error` that says where the expression has something that it cannot have. */
export function toTokens(expression: string): readonly Token[] {
  if (expression.length > longest) {
    throw new Error(`The expression is longer than ${longest} characters.`);
  }
  const tokens: Token[] = [];
  const text = expression.trimEnd();
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      throw new Error(`The expression has something at character ${start + 1} that is no arithmetic.`);
    const [whole, number, name, sign = ""] = match;
    const at = start + 1 + whole.search(/\S/);
    if (number !== undefined) tokens.push({ kind: "number", text: number.replaceAll("_", ""), at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name.toLowerCase(), at });
    else tokens.push({ kind: "sign", text: spellings[sign] ?? sign, at });
  }
  return [...tokens, { kind: "end", text: "", at: text.length + 1 }];
}
