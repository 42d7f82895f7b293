import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { evaluate } from "../../../src/agents/tools/arithmetic/evaluate.ts";
import { calculator } from "../../../src/agents/tools/calculator.ts";
import { toolContext } from "../support.ts";

const calculate = (expression: string) => calculator.execute({ expression }, toolContext());

describe("calculator", () => {
  for (const [expression, result] of [
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["0.1 + 0.2", "0.3"],
    ["1e3 - .5", "999.5"],
    ["1_000 * 5.", "5000"],
    ["10 / 4", "2.5"],
    ["1 / 3", "1/3 ≈ 0.3333333333333333333333333333333333333333"],
    ["1 / 3 * 3", "1"],
    ["-2 ^ 2", "-4"],
    ["(-2) ^ 2", "4"],
    ["2 ^ 3 ^ 2", "512"],
    ["2 ** 10", "1024"],
    ["2 ^ -2", "0.25"],
    ["2 ^ 200", String(2n ** 200n)],
    ["17 % 5", "2"],
    ["-7 % 3", "2"],
    ["20% * 350", "70"],
    ["100 + 10%", "100.1"],
    ["5! / 3!", "20"],
    ["3 × 4 ÷ 2 − 1", "5"],
    ["sqrt(16 / 9)", "4/3 ≈ 1.3333333333333333333333333333333333333333"],
    ["sqrt(2)", "≈ 1.4142135623731"],
    ["2 ^ 0.5", "≈ 1.4142135623731"],
    ["round(2.345, 2)", "2.35"],
    ["round(-2.5)", "-3"],
    ["round(12345, -2)", "12300"],
    ["floor(-1.5) + ceil(1.2) + trunc(-1.9)", "-1"],
    ["max(1, 5, 3) - min(4, 2)", "3"],
    ["sum(1, 2, 3.5)", "6.5"],
    ["sin(pi / 6)", "≈ 0.5"],
    ["log(1000) + ln(e)", "≈ 4"],
    ["abs(-3)", "3"],
    ["(-1) ^ 1000000000001", "-1"],
    ["1.0005 ^ 3650", "≈ 6.19996658193555"],
    ["1e-300 * 3", "3e-300"],
  ] as const) {
    test(`${expression} is ${result}`, () => {
      expect(calculate(expression)).toBe(result);
    });
  }

  for (const [expression, problem] of [
    ["", /empty/],
    ["1 / 0", /division by zero/],
    ["0 ^ -1", /division by zero/],
    ["5 % 0", /division by zero/],
    ["9 ** 9 ** 9", /too large/],
    ["9 ** 9 ** 9 ** 9", /too large/],
    ["1e600", /too large/],
    ["1e999999999999", /too large/],
    ["2 ^ 1e300", /too large/],
    ["301!", /factorial/],
    ["2.5!", /factorial/],
    ["9!!!", /factorial/],
    ["ln(0)", /no result/],
    ["sqrt(-1)", /no result/],
    ["(-8) ^ 0.5", /no result/],
    ["exp(1e6)", /no result/],
    ["(1", /'\)' is missing/],
    ["1 +", /The end of the expression is not a number/],
    ["1 2", /'2' at character 3/],
    ["2(3)", /'\(' at character 2/],
    ["max()", /at character 5/],
    ["sqrt(1, 2)", /sqrt takes 1 numbers/],
    ["foo(1)", /'foo' at character 1 is not known. There are: abs/],
    ["process.exit()", /is no arithmetic/],
    ["constructor", /not known/],
    ["__proto__", /no arithmetic/],
    ["1; 2", /no arithmetic/],
    ["(".repeat(500), /nested too deeply/],
    [`${"-".repeat(500)}1`, /nested too deeply/],
    ["1+".repeat(501), /longer than 1000/],
  ] as const) {
    test(`refuses ${expression.slice(0, 30)}`, () => {
      expect(() => calculate(expression)).toThrow(problem);
    });
  }

  test("is as exact as fractions are", () => {
    const whole = fc.integer({ min: -1_000, max: 1_000 });

    fc.assert(
      fc.property(
        whole,
        whole.filter((value) => value !== 0),
        whole,
        (a, b, c) => {
          const { numerator, denominator } = evaluate(`(${a}) / (${b}) + (${c})`);

          expect(numerator * BigInt(b)).toBe((BigInt(a) + BigInt(c) * BigInt(b)) * denominator);
        },
      ),
    );
  });

  for (const [what, expression] of [
    ["roots of large fractions", Array.from({ length: 60 }, () => "sqrt(1/(7^600))").join("+")],
    ["sums of large fractions", Array.from({ length: 70 }, (_, i) => `1/(3^500+${i})`).join("+")],
    ["factorials", Array.from({ length: 200 }, () => "250!").join("-")],
    ["powers", Array.from({ length: 80 }, () => "1.0001^200").join("*")],
  ] as const) {
    test(`takes no time for ${what}`, () => {
      const start = performance.now();

      const result = calculate(expression);

      expect(result).toMatch(/\d/);
      expect(performance.now() - start).toBeLessThan(250);
    });
  }
});
