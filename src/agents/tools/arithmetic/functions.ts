import {
  add,
  compare,
  floor,
  fromNumber,
  modulo,
  negate,
  power,
  rational,
  toNumber,
  type Rational,
} from "./rational.ts";

export interface ArithmeticFunction {
  /** Fewest and most arguments. */
  arity: readonly [number, number];
  apply(...args: Rational[]): Rational;
}

export const constants: ReadonlyMap<string, Rational> = new Map([
  ["pi", fromNumber(Math.PI)],
  ["tau", fromNumber(2 * Math.PI)],
  ["e", fromNumber(Math.E)],
]);

const half = rational(1n, 2n);
const zero = rational(0n);

/** Exact where the result is a fraction; others are doubles. Angles are in radians. */
export const functions: ReadonlyMap<string, ArithmeticFunction> = new Map<string, ArithmeticFunction>([
  ["abs", unary((value) => (compare(value, zero) < 0 ? negate(value) : value))],
  ["floor", unary(floor)],
  ["ceil", unary((value) => negate(floor(negate(value))))],
  ["trunc", unary((value) => (compare(value, zero) < 0 ? negate(floor(negate(value))) : floor(value)))],
  ["round", { arity: [1, 2], apply: (value = zero, digits = zero) => round(value, digits) }],
  ["sqrt", unary(root)],
  ["min", { arity: [1, 100], apply: (...args) => pick(args, -1) }],
  ["max", { arity: [1, 100], apply: (...args) => pick(args, 1) }],
  ["sum", { arity: [1, 100], apply: (...args) => args.reduce(add, zero) }],
  ["pow", { arity: [2, 2], apply: (base = zero, exponent = zero) => power(base, exponent) }],
  ["mod", { arity: [2, 2], apply: (value = zero, divisor = zero) => modulo(value, divisor) }],
  ["factorial", unary(factorial)],
  ...(
    [
      "cbrt",
      "exp",
      "log10",
      "log2",
      "sin",
      "cos",
      "tan",
      "asin",
      "acos",
      "atan",
      "sinh",
      "cosh",
      "tanh",
    ] as const
  ).map((name): [string, ArithmeticFunction] => [name, rounded((value) => Math[name](value))]),
  ["ln", rounded(Math.log)],
  ["log", rounded(Math.log10)],
]);

const largestFactorial = 300n;

/** Throws an `Error` for what is no whole number, or too large a one. */
export function factorial({ numerator, denominator, isRounded }: Rational): Rational {
  if (denominator !== 1n || numerator < 0n || numerator > largestFactorial) {
    throw new Error(`A factorial is of a whole number from 0 to ${largestFactorial}.`);
  }
  let product = 1n;
  for (let factor = 2n; factor <= numerator; factor++) product *= factor;
  return rational(product, 1n, isRounded);
}

function unary(apply: (value: Rational) => Rational): ArithmeticFunction {
  return { arity: [1, 1], apply: (value = zero) => apply(value) };
}

function rounded(apply: (value: number) => number): ArithmeticFunction {
  return unary((value) => fromNumber(apply(toNumber(value))));
}

/** To so many digits after the point; halves go away from zero. */
function round(value: Rational, digits: Rational): Rational {
  if (digits.denominator !== 1n || digits.numerator < -300n || digits.numerator > 300n) {
    throw new Error("round takes a whole number of digits, at most 300.");
  }
  const factor = power(rational(10n), digits);
  const isNegative = compare(value, zero) < 0;
  const { numerator, denominator } = isNegative ? negate(value) : value;
  const scaled = rational(numerator * factor.numerator, denominator * factor.denominator);
  const { numerator: whole } = floor(add(scaled, half));
  const result = rational(whole * factor.denominator, factor.numerator, value.isRounded);
  return isNegative ? negate(result) : result;
}

/** Exact for squares of fractions. */
function root(value: Rational): Rational {
  const above = wholeRoot(value.numerator);
  const below = wholeRoot(value.denominator);
  if (above !== undefined && below !== undefined) return rational(above, below, value.isRounded);
  return fromNumber(Math.sqrt(toNumber(value)));
}

/** By Newton's method, from above. */
function wholeRoot(value: bigint): bigint | undefined {
  if (value < 0n) return undefined;
  if (value < 2n) return value;
  let guess = 1n << BigInt(value.toString(16).length * 2);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess * guess === value ? guess : undefined;
    guess = next;
  }
}

function pick(args: readonly Rational[], sign: number): Rational {
  return args.reduce((best, value) => (compare(value, best) === sign ? value : best));
}
