import { describe, expect, test } from "bun:test";
import { OverBudget } from "../../../../src/text/templates/jinja/budget.ts";
import { compileTemplate } from "../../../../src/text/templates/jinja/compile.ts";
import { limitsFor, renderProgram } from "../../../../src/text/templates/jinja/render.ts";

function render(source: string): string {
  return renderProgram(
    compileTemplate(source),
    { messages: [{ content: "Hi" }] },
    limitsFor(source.length, 40),
  );
}

/** A variable `s` of so many letters. */
const letters = (doublings: number) => "{% set s = 'a' %}" + "{% set s = s ~ s %}".repeat(doublings);
const mebibyte = letters(20);

describe("a template is stopped before it", () => {
  const hostile: Readonly<Record<string, string>> = {
    "counts to a billion": "{% for i in range(1000000000) %}x{% endfor %}",
    "counts downwards for ever": "{% for i in range(0, -1000000000, -1) %}x{% endfor %}",
    "loops in loops": "{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}",
    "doubles a text": `${letters(60)}{{ s }}`,
    "doubles a text with +": `{% set s = 'a' %}${"{% set s = s + s %}".repeat(60)}`,
    "doubles a text in blocks": `{% set s = 'a' %}${"{% set s %}{{ s }}{{ s }}{% endset %}".repeat(60)}`,
    "writes without end": `${mebibyte}${"{{ s }}".repeat(1_000)}`,
    "joins with a long text": `${mebibyte}{{ range(1000) | join(s) }}`,
    "joins a text with a long text": `${mebibyte}{{ s | join(s) }}`,
    "replaces each letter by a long text": `${mebibyte}{{ s.replace('a', s) }}`,
    "replaces each letter by a filter": `${mebibyte}{{ s | replace('a', s) }}`,
    "replaces nothing by something": `${mebibyte}{{ s | replace('', 'aa') }}`,
    "splits a text into too many": `${mebibyte}{{ s.split('a') | length }}`,
    "indents by a billion": "{{ 'a\nb' | indent(1000000000, true) }}",
    "indents a block by a billion": "{% filter indent(width=1000000000) %}a\nb{% endfilter %}",
    "indents JSON by a billion": "{{ messages | tojson(indent=1000000000) }}",
    "separates JSON with a long text": `${mebibyte}{{ range(100) | tojson(separators=(s, s)) }}`,
    "doubles a list": `{% set s = [1] %}${"{% set s = s + s %}".repeat(60)}`,
    "shares parts of a list": `{% set s = ['a'] %}${"{% set s = [s, s] %}".repeat(60)}{{ s | tojson }}`,
    "shares parts of an object": `{% set s = {'a': 1} %}${"{% set s = {'a': s, 'b': s} %}".repeat(60)}{{ s }}`,
    "calls itself twice each time":
      "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "keeps long texts": `${letters(18)}{% set ns = namespace(l=[]) %}{% for i in range(50000) %}{% set ns.l = [ns.l, s ~ i] %}{% endfor %}`,
    "puts a namespace into a list": "{% set n = namespace(x=1) %}{% set n.x = [n, n] %}{{ n.x }}",
    "puts a namespace into itself": "{% set n = namespace(x=1) %}{% set n.x = n %}{{ n | tojson }}",
  };
  for (const [what, source] of Object.entries(hostile)) {
    test(what, () => {
      expect(() => render(source)).toThrow(OverBudget);
    });
  }

  const unbounded: Readonly<Record<string, string>> = {
    "keeps a method for later": "{% set r = 'a'.replace %}{{ r('a', 'b') }}",
    "names a method by an expression": "{{ 'a'['repl' ~ 'ace']('a', 'b') }}",
    "unpacks a method's arguments": "{{ 'a'.replace(*['a', 'b']) }}",
    "calls itself without end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
  };
  for (const [what, source] of Object.entries(unbounded)) {
    test(what, () => {
      expect(() => render(source)).toThrow();
    });
  }
});

test("hostile templates do not take the process's memory", () => {
  const before = process.memoryUsage.rss();

  for (const source of [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}",
    `${letters(18)}{% set ns = namespace(l=[]) %}{% for i in range(50000) %}{% set ns.l = [s ~ i, ns.l[0]] %}{% if ns.l[0] == s %}{% endif %}{% endfor %}`,
    `${mebibyte}${"{% set x = s[::-1] %}".repeat(20)}`,
  ]) {
    try {
      render(source);
    } catch {
      // Whether it ends is not the point.
    }
  }

  expect(process.memoryUsage.rss() - before).toBeLessThan(500 * 1_048_576);
});

describe("what templates do stays as it is:", () => {
  const harmless: readonly (readonly [string, string])[] = [
    ["{{ 'a-b-c'.replace('-', '+', 1) }}", "a+b-c"],
    ["{{ 'a-b' | replace('-', '+') }}", "a+b"],
    ["{{ 'a b  c'.split() | join('|') }}", "a|b|c"],
    ["{{ 'a,b,c'.split(',', 1)[-1] }}", "b,c"],
    ["{{ 'a\nb' | indent(2, true) }}", "  a\n  b"],
    ["{{ 'a\nb' | indent }}", "a\n    b"],
    ["{{ [1, 2] | join(', ') }}", "1, 2"],
    ["{{ {'a': 1} | tojson(indent=1) }}", '{\n "a": 1\n}'],
    ["{% filter upper %}a{% endfilter %}", "A"],
    ["{% for i in range(6, 0, -2) if i != 4 %}{{ i }}{% else %}none{% endfor %}", "62"],
    ["{% for i in [1, 2, 3] %}{{ i }}{% if i == 2 %}a{% break %}{% endif %},{% endfor %}!", "1,2a!"],
    ["{% for i in [1, 2, 3] %}{{ i }}{% if i == 2 %}a{% continue %}{% endif %},{% endfor %}", "1,2a3,"],
    ["{% for i in [1] %}{% continue %}{% else %}none{% endfor %}", ""],
    ["{% for i in [1, 2] %}{% for j in [1, 2] %}{{ j }}{% break %}{% endfor %}{% endfor %}", "11"],
    ["{% if messages %}a{% elif true %}b{% else %}c{% endif %}{% if '' %}d{% else %}e{% endif %}", "ae"],
    ["{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"],
    [
      "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
      "3",
    ],
    ["{% set x %}a{{ 1 }}{% endset %}{{ x }}", "a1"],
    ["{% macro m(a, b='x') %}{{ a }}{{ b }}{% endmacro %}{{ m('y') }}{{ m(1, b=2) }}", "yx12"],
    ["{{ {'replace': 1}.replace }}{{ {'replace': 1}['replace'] }}", "11"],
    ["{{ messages[0]['content'].startswith('H') }}", "true"],
    ["{{ [] | first is defined }}", "false"],
    ["{{ messages | map(attribute='content') | list | tojson }}", '["Hi"]'],
    ["{{ 'abc'[::-1] }}{{ 'abc'[1:] }}", "cbabc"],
  ];
  for (const [source, expected] of harmless) {
    test(source, () => {
      expect(render(source)).toBe(expected);
    });
  }
});
