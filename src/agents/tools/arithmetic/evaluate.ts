import { constants, factorial, functions } from "./functions.ts";
import {
  add,
  divide,
  fromDecimal,
  modulo,
  multiply,
  negate,
  power,
  rational,
  type Rational,
} from "./rational.ts";
import { toTokens, type Token } from "./tokens.ts";

const maxDepth = 64;

/**
 * The value of an expression with `+ - * / % ^ !`, brackets, functions and constants; `%` is the remainder between two
 * numbers and a hundredth behind one. Throws an `Error` that says what is wrong and where. Takes milliseconds at most.
 */
export function evaluate(expression: string): Rational {
  return new Evaluation(toTokens(expression)).whole();
}

const hundredth = rational(1n, 100n);

/** Each method reads what binds at least as tightly as its name says, and gives its value. */
class Evaluation {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Rational {
    const value = this.#sum();
    if (this.#token.kind !== "end") this.#fail("is not expected there");
    return value;
  }

  #sum(): Rational {
    let value = this.#product();
    for (;;) {
      if (this.#takes("+")) value = add(value, this.#product());
      else if (this.#takes("-")) value = add(value, negate(this.#product()));
      else return value;
    }
  }

  #product(): Rational {
    let value = this.#signed();
    for (;;) {
      if (this.#takes("*")) value = multiply(value, this.#signed());
      else if (this.#takes("/")) value = divide(value, this.#signed());
      else if (this.#takes("%")) value = modulo(value, this.#signed());
      else return value;
    }
  }

  #signed(): Rational {
    return this.#deeper(() => {
      if (this.#takes("-")) return negate(this.#signed());
      if (this.#takes("+")) return this.#signed();
      return this.#power();
    });
  }

  #power(): Rational {
    const base = this.#postfixed();
    return this.#takes("^") ? power(base, this.#signed()) : base;
  }

  #postfixed(): Rational {
    let value = this.#operand();
    for (;;) {
      if (this.#takes("!")) value = factorial(value);
      else if (this.#isPercent()) value = multiply(value, hundredth);
      else return value;
    }
  }

  /** Nothing stands behind it that it could divide by. */
  #isPercent(): boolean {
    const after = this.#tokens[this.#next + 1];
    if (after === undefined || after.kind === "number" || after.kind === "name" || after.text === "(")
      return false;
    return this.#takes("%");
  }

  #operand(): Rational {
    const token = this.#token;
    if (token.kind === "number") {
      this.#next++;
      return fromDecimal(token.text);
    }
    if (token.kind === "name") {
      this.#next++;
      return this.#named(token);
    }
    if (!this.#takes("(")) this.#fail("is not a number");
    return this.#deeper(() => {
      const value = this.#sum();
      this.#expect(")");
      return value;
    });
  }

  #named(token: Token): Rational {
    const constant = constants.get(token.text);
    if (constant !== undefined) return constant;
    const called = functions.get(token.text);
    if (called === undefined) {
      const names = [...functions.keys(), ...constants.keys()].join(", ");
      throw new Error(
        `'${token.text.slice(0, 32)}' at character ${token.at} is not known. There are: ${names}.`,
      );
    }
    this.#expect("(");
    const args = this.#deeper(() => this.#arguments());
    const [fewest, most] = called.arity;
    if (args.length < fewest || args.length > most) {
      throw new Error(`${token.text} takes ${fewest === most ? fewest : `${fewest} to ${most}`} numbers.`);
    }
    return called.apply(...args);
  }

  #arguments(): Rational[] {
    const args = [this.#sum()];
    while (this.#takes(",")) args.push(this.#sum());
    this.#expect(")");
    return args;
  }

  #deeper<Result>(read: () => Result): Result {
    if (++this.#depth > maxDepth) throw new Error("The expression is nested too deeply.");
    const result = read();
    this.#depth--;
    return result;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: 1 };
  }

  #takes(sign: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== "sign" || text !== sign) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) this.#fail(`stands where '${sign}' is missing`);
  }

  #fail(problem: string): never {
    const { kind, text, at } = this.#token;
    const what = kind === "end" ? "The end of the expression" : `'${text.slice(0, 32)}' at character ${at}`;
    throw new Error(`${what} ${problem}.`);
  }
}
