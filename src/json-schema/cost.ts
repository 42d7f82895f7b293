import { isRecord, type JsonRecord } from "../core/json.ts";
import { type KeywordForm, keywordForms } from "./keywords.ts";
import { partAt, toPath } from "./path.ts";

/** How much work it is to compile a schema. */
export interface SchemaCost {
  /** About one for each schema, keyword and name. */
  units: number;
  /** The path, from `param` on, of the first place at which `units` pass the bound. */
  overAt?: string;
}

/**
 * The cost of `schema`, in time linear in its size. What is referred to is compiled again for each way in which the
 * reference is written, with everything in it; definitions are compiled only where they are referred to.
 */
export function costOf(schema: JsonRecord, maxUnits: number, param: string): SchemaCost {
  const count = new Count(maxUnits);
  count.schema(schema);
  count.references(schema);
  count.tracking();
  return {
    units: count.units,
    ...(count.overAt !== undefined && { overAt: toPath(param, count.overAt) }),
  };
}

type Steps = readonly (string | number)[];

const valuesPerUnit = 64;
const referenceUnits = 4;
const containsUnits = 2;
const patternCharactersPerUnit = 2;
/** Of what a pattern repeats `{n}` times. */
const repetitionsPerUnit = 32;
/** More than that no pattern can have. */
const maxRepetitions = 1_000;

class Count {
  readonly #maxUnits: number;
  readonly #steps: (string | number)[] = [];
  /** Of each schema, with all that is in it. */
  readonly #costs = new Map<unknown, number>();
  /** Where each reference stands first. */
  readonly #references = new Map<string, Steps>();
  /** Where parts that nothing else has looked at are spoken of first. */
  #tracking: Steps | undefined;
  /** Greater than 0 within definitions. */
  #definitions = 0;
  units = 0;
  overAt: Steps | undefined;

  constructor(maxUnits: number) {
    this.#maxUnits = maxUnits;
  }

  schema(schema: unknown): number {
    let units = this.#add(1);
    if (!isRecord(schema)) return units;
    for (const keyword in schema) {
      const form = keywordForms.get(keyword);
      if (form !== undefined) units += this.#at(keyword, () => this.#keyword(keyword, form, schema[keyword]));
    }
    this.#costs.set(schema, units);
    return units;
  }

  /** What the references in `root` add, once all of it was counted. */
  references(root: JsonRecord): void {
    const whole = this.#costs.get(root) ?? 0;
    for (const [reference, steps] of this.#references) {
      // The root is compiled anyway. What is named by an anchor may be anything in it.
      const target = reference.startsWith("#/") ? partAt(root, reference) : undefined;
      if (reference !== "#") this.#spend(referenceUnits + (this.#costs.get(target) ?? whole), steps);
    }
  }

  /** What it adds that `unevaluatedProperties` or `unevaluatedItems` need to know of all other parts. */
  tracking(): void {
    if (this.#tracking !== undefined) this.#spend(this.units, this.#tracking);
  }

  #keyword(keyword: string, form: KeywordForm, value: unknown): number {
    if (keyword.startsWith("unevaluated")) this.#tracking ??= [...this.#steps];
    if (keyword === "contains") return this.#add(containsUnits) + this.schema(value);
    switch (form) {
      case "schema":
      case "schemas":
      case "items":
        return Array.isArray(value) ? this.#entries(value.entries()) : this.schema(value);
      case "schema map":
      case "dependencies":
      case "text lists":
        return isRecord(value) ? this.#map(keyword, value) : 0;
      case "texts":
        return this.#names(value);
      case "values":
        return this.#add(1 + Math.ceil(lengthOf(value) / valuesPerUnit));
      case "pattern":
        return this.#add(patternUnits(value));
      case "reference":
        if (typeof value === "string" && !this.#references.has(value))
          this.#references.set(value, [...this.#steps]);
        return this.#add(1);
      default:
        return this.#add(1);
    }
  }

  #map(keyword: string, map: JsonRecord): number {
    if (keyword === "$defs" || keyword === "definitions") {
      this.#definitions++;
      this.#entries(Object.entries(map));
      this.#definitions--;
      return 0;
    }
    const keys = keyword === "patternProperties" ? Object.keys(map) : [];
    const units = keys.reduce((sum, key) => sum + this.#add(patternUnits(key)), 0);
    return units + this.#entries(Object.entries(map));
  }

  #entries(entries: Iterable<[string | number, unknown]>): number {
    let units = 0;
    for (const [step, value] of entries) {
      units += this.#at(step, () => (Array.isArray(value) ? this.#names(value) : this.schema(value)));
    }
    return units;
  }

  #names(value: unknown): number {
    return this.#add(1 + lengthOf(value));
  }

  #at(step: string | number, look: () => number): number {
    this.#steps.push(step);
    const units = look();
    this.#steps.pop();
    return units;
  }

  #add(units: number): number {
    if (this.#definitions === 0) this.#spend(units, this.#steps);
    return units;
  }

  #spend(units: number, steps: Steps): void {
    this.units += units;
    if (this.units > this.#maxUnits) this.overAt ??= [...steps];
  }
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function patternUnits(pattern: unknown): number {
  if (typeof pattern !== "string") return 1;
  let repetitions = 0;
  for (const [, least, most] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Math.max(Number(least), Number(most ?? 0));
    // Inside of one another they multiply: the square is more than that.
    repetitions += Math.min(times * times, maxRepetitions);
  }
  return 3 + Math.ceil(pattern.length / patternCharactersPerUnit + repetitions / repetitionsPerUnit);
}
