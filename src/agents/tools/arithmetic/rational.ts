/** A number as a fraction in its lowest terms; `denominator` is above 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** Somewhere on the way to it was a number that no fraction is, such as a root. */
  readonly isRounded: boolean;
}

/** About 600 digits. Every step with numbers of that size takes well under a millisecond. */
const maxBits = 2_048;

/**
 * A fraction that is too long becomes a double. Throws an `Error` for whole numbers of more than about 600 digits and
 * for a division by zero.
 */
export function rational(numerator: bigint, denominator = 1n, isRounded = false): Rational {
  if (denominator === 0n) throw new Error("A division by zero.");
  const divisor = greatestDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n);
  const reduced = { numerator: numerator / divisor, denominator: denominator / divisor, isRounded };
  if (bitsOf(reduced.numerator) <= maxBits && bitsOf(reduced.denominator) <= maxBits) return reduced;
  if (reduced.denominator === 1n) throw tooLarge();
  return fromNumber(toNumber(reduced));
}

export function add(one: Rational, other: Rational): Rational {
  return rational(
    one.numerator * other.denominator + other.numerator * one.denominator,
    one.denominator * other.denominator,
    one.isRounded || other.isRounded,
  );
}

export function multiply(one: Rational, other: Rational): Rational {
  return rational(
    one.numerator * other.numerator,
    one.denominator * other.denominator,
    one.isRounded || other.isRounded,
  );
}

export function divide(one: Rational, other: Rational): Rational {
  return rational(
    one.numerator * other.denominator,
    one.denominator * other.numerator,
    one.isRounded || other.isRounded,
  );
}

export function negate({ numerator, denominator, isRounded }: Rational): Rational {
  return { numerator: -numerator, denominator, isRounded };
}

/** With the sign of the divisor, as in Python. */
export function modulo(one: Rational, other: Rational): Rational {
  return add(one, negate(multiply(other, floor(divide(one, other)))));
}

export function floor({ numerator, denominator, isRounded }: Rational): Rational {
  const quotient = numerator / denominator;
  const isBelow = numerator < 0n && numerator % denominator !== 0n;
  return rational(isBelow ? quotient - 1n : quotient, 1n, isRounded);
}

/** Exact for whole exponents where the result is not too long, else as a double. */
export function power(base: Rational, exponent: Rational): Rational {
  const isRounded = base.isRounded || exponent.isRounded;
  if (exponent.denominator !== 1n) return fromNumber(toNumber(base) ** toNumber(exponent));
  const times = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  const { numerator, denominator } = base;
  const bits = BigInt(Math.max(bitsOf(numerator), bitsOf(denominator)) - 1);
  if (bits > 0n && times * bits > BigInt(maxBits)) {
    if (denominator === 1n) throw tooLarge();
    return fromNumber(toNumber(base) ** toNumber(exponent));
  }
  // Of 0, 1 and -1 only it matters whether the exponent is 0, or even.
  const small = bits > 0n || times < 2n ? times : 2n + (times % 2n);
  const [above, below] = [numerator ** small, denominator ** small];
  return exponent.numerator < 0n ? rational(below, above, isRounded) : rational(above, below, isRounded);
}

export function compare(one: Rational, other: Rational): number {
  const difference = one.numerator * other.denominator - other.numerator * one.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The nearest double. */
export function toNumber({ numerator, denominator }: Rational): number {
  // Enough bits of both that the quotient of two doubles is as good as theirs.
  const shift = BigInt(Math.max(0, Math.min(bitsOf(numerator), bitsOf(denominator)) - 1_000));
  return Number(numerator >> shift) / Number(denominator >> shift);
}

/** Counts as rounded. Throws an `Error` for what is no number. */
export function fromNumber(value: number): Rational {
  if (!Number.isFinite(value)) throw new Error("That has no result, or one that is too large.");
  const [digits = "0", exponent = "0"] = value.toPrecision(15).split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  const shift = Number(exponent) - fraction.length;
  const numerator = BigInt(whole + fraction);
  return shift < 0
    ? rational(numerator, 10n ** BigInt(-shift), true)
    : rational(numerator * 10n ** BigInt(shift), 1n, true);
}

/** A decimal as it is written, such as `12.5e-3`. Throws an `Error` for one that is too large or small. */
export function fromDecimal(text: string): Rational {
  const [digits = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  const shift = Number(exponent) - fraction.length;
  if (Math.abs(shift) > maxBits / 4 || whole.length > maxBits / 4) throw tooLarge();
  const numerator = BigInt(`${whole}${fraction}`);
  return shift < 0 ? rational(numerator, 10n ** BigInt(-shift)) : rational(numerator * 10n ** BigInt(shift));
}

function bitsOf(value: bigint): number {
  const digits = (value < 0n ? -value : value).toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits.charAt(0), 16)) - 28);
}

function tooLarge(): Error {
  return new Error("The numbers become too large: more than 600 digits.");
}

function greatestDivisor(one: bigint, other: bigint): bigint {
  let [a, b] = [one < 0n ? -one : one, other < 0n ? -other : other];
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}
