import { isRecord } from "../../core/json.ts";
import type { AgentTool } from "../kit/tool.ts";
import { evaluate } from "./arithmetic/evaluate.ts";
import type { Rational } from "./arithmetic/rational.ts";

/** Exact arithmetic with fractions; what is none, such as a root, has 15 digits. */
export const calculator: AgentTool = {
  name: "calculator",
  description:
    "Calculates exactly: + - * / % ^ ! and brackets; abs, round(x, digits), floor, ceil, trunc, min, max, sum, sqrt, cbrt, exp, ln, log10, log2, sin, cos, tan (radians) and others; pi, e.",
  parameters: {
    type: "object",
    properties: { expression: { type: "string", description: "Such as (1.5 + 2) * 3^2 or 20% * 350." } },
    required: ["expression"],
    additionalProperties: false,
  },
  execute(args) {
    const expression = isRecord(args) ? args["expression"] : undefined;
    if (typeof expression !== "string" || expression.trim() === "")
      throw new Error("The expression is empty.");
    return toText(evaluate(expression));
  },
};

const shownDigits = 40;
/** Zeros behind the point before a number is written with an exponent. */
const shownZeros = 20;

function toText({ numerator, denominator, isRounded }: Rational): string {
  const above = numerator < 0n ? -numerator : numerator;
  const { text, isExact } = toDecimal(above, denominator);
  const decimal = `${numerator < 0n ? "-" : ""}${text}`;
  if (isRounded) return `≈ ${decimal}`;
  if (isExact) return decimal;
  const fraction = `${numerator}/${denominator}`;
  return fraction.length <= shownDigits ? `${fraction} ≈ ${decimal}` : `≈ ${decimal}`;
}

/** All digits where they end, else as many as are shown. */
function toDecimal(above: bigint, below: bigint): { text: string; isExact: boolean } {
  const whole = above / below;
  let rest = above % below;
  const zeros = whole === 0n ? leadingZeros(rest, below) : 0;
  rest *= 10n ** BigInt(zeros);
  let digits = "";
  while (rest > 0n && digits.length < shownDigits) {
    digits += (rest * 10n) / below;
    rest = (rest * 10n) % below;
  }
  const isExact = rest === 0n;
  if (digits === "") return { text: `${whole}`, isExact };
  if (zeros <= shownZeros) return { text: `${whole}.${"0".repeat(zeros)}${digits}`, isExact };
  const [first, others] = [digits.slice(0, 1), digits.slice(1)];
  return { text: `${first}${others === "" ? "" : `.${others}`}e-${zeros + 1}`, isExact };
}

/** Behind the point, of a fraction that is below 1. */
function leadingZeros(above: bigint, below: bigint): number {
  let [rest, zeros] = [above, 0];
  for (; rest > 0n && rest * 10n < below; rest *= 10n) zeros++;
  return zeros;
}
