import { ServeError } from "../core/error.ts";
import { isRecord, type JsonRecord } from "../core/json.ts";
import { keywordForms, typeNames, type KeywordForm } from "./keywords.ts";
import { patternProblem } from "./pattern.ts";
import { partAt, toPath } from "./path.ts";
import { createStrictRules, type StrictRules } from "./strict.ts";

/** A schema of a request. */
export interface GivenSchema {
  schema: JsonRecord;
  /** Where it stands, such as `tools[0].function.parameters`. */
  param: string;
  /** It has to keep to the subset of JSON Schema that OpenAI promises to hold. */
  isStrict: boolean;
  /** It describes arguments, which are an object. */
  isObject?: boolean;
  /** Answers are to be checked against it, so that its patterns have to be of a kind that can be. */
  isChecked: boolean;
}

/** Schemas and list entries that one request may have, in all its schemas together: about 2 MB of JSON. */
const maxParts = 65_536;
/** Levels of schemas in schemas. */
const maxDepth = 64;

/**
 * Throws `invalid_request` (`invalid_value`) with the path of the first thing in `schemas` that is no JSON Schema: a
 * keyword whose value has the wrong form, a reference that leads nowhere or out of the document, a broken pattern; and
 * for strict ones, what the subset does not have. Looks at each part once, and never at more than 65,536.
 */
export function assertSchemas(schemas: readonly GivenSchema[]): void {
  const budget = { parts: maxParts };
  for (const given of schemas) {
    const rules = given.isStrict ? createStrictRules() : undefined;
    const walk = new Walk(given, rules, budget);
    if (given.isObject === true) walk.assertObject();
    walk.schema(given.schema, 0);
  }
}

/** Whether `schema`, of arguments, keeps to the subset of JSON Schema that OpenAI promises to hold. */
export function isStrictSchema(schema: JsonRecord): boolean {
  try {
    assertSchemas([{ schema, param: "", isStrict: true, isObject: true, isChecked: true }]);
    return true;
  } catch (error) {
    if (error instanceof ServeError) return false;
    throw error;
  }
}

class Walk {
  readonly #given: GivenSchema;
  readonly #rules: StrictRules | undefined;
  readonly #budget: { parts: number };
  readonly #steps: (string | number)[] = [];

  constructor(given: GivenSchema, rules: StrictRules | undefined, budget: { parts: number }) {
    this.#given = given;
    this.#rules = rules;
    this.#budget = budget;
  }

  assertObject(): void {
    const type = this.#given.schema["type"];
    if (type === undefined || type === "object" || !isType(type)) return;
    if (Array.isArray(type) && type.includes("object")) return;
    this.#fail("must be 'object', because arguments are one", "type");
  }

  /** `objects` is how many objects are around it. */
  schema(schema: unknown, objects: number): void {
    this.#spend(1);
    if (this.#steps.length > maxDepth * 2) this.#fail("is nested too deeply");
    if (typeof schema === "boolean" && this.#rules === undefined) return;
    if (!isRecord(schema)) this.#fail("must be a JSON Schema, which is an object");
    this.#rules?.schema(schema, {
      isRoot: this.#steps.length === 0,
      objects,
      fail: (message, ...steps) => this.#fail(message, ...steps),
    });
    const inner = objects + (schema["properties"] === undefined ? 0 : 1);
    for (const keyword in schema) {
      const form = keywordForms.get(keyword);
      if (form !== undefined) this.#at(keyword, () => this.#keyword(form, schema[keyword], inner));
    }
  }

  #keyword(form: KeywordForm, value: unknown, objects: number): void {
    switch (form) {
      case "schema":
        // Those keywords that the strict rules let through they have looked at themselves.
        return typeof value === "boolean" ? undefined : this.schema(value, objects);
      case "schemas":
        return this.#schemas(value, objects);
      case "items":
        return Array.isArray(value) ? this.#schemas(value, objects) : this.schema(value, objects);
      case "schema map":
      case "dependencies":
      case "text lists":
        return this.#map(form, value, objects);
      case "texts":
        return this.#texts(value);
      case "reference":
        return this.#reference(value);
      case "pattern":
        return this.#pattern(value);
      default: {
        const { expected, fits } = plainForms[form];
        if (Array.isArray(value)) this.#spend(value.length);
        if (!fits(value)) this.#fail(`must be ${expected}`);
      }
    }
  }

  #schemas(value: unknown, objects: number): void {
    if (!Array.isArray(value) || value.length === 0) this.#fail("must be an array of JSON Schemas");
    for (const [index, schema] of value.entries()) this.#at(index, () => this.schema(schema, objects));
  }

  #map(form: "schema map" | "dependencies" | "text lists", value: unknown, objects: number): void {
    if (!isRecord(value)) this.#fail("must be an object");
    const isPatterns = form === "schema map" && this.#steps.at(-1) === "patternProperties";
    for (const key in value) {
      this.#at(key, () => {
        if (isPatterns) this.#pattern(key);
        if (form === "text lists" || (form === "dependencies" && Array.isArray(value[key])))
          this.#texts(value[key]);
        else this.schema(value[key], objects);
      });
    }
  }

  #texts(value: unknown): void {
    if (!Array.isArray(value)) this.#fail("must be an array of names");
    this.#spend(value.length);
    const index = value.findIndex((item) => typeof item !== "string");
    if (index !== -1) this.#fail("must be a string", index);
  }

  #pattern(value: unknown): void {
    if (typeof value !== "string") this.#fail("must be a regular expression");
    const problem = this.#given.isChecked ? patternProblem(value) : undefined;
    if (problem !== undefined) this.#fail(problem);
  }

  #reference(value: unknown): void {
    if (typeof value !== "string") this.#fail("must be a reference");
    if (!value.startsWith("#")) this.#fail("must refer to a part of the same schema");
    // A name that an anchor gives to a part is looked up where the schema is compiled.
    if (value !== "#" && value[1] !== "/") return;
    this.#spend(value.length >> 6);
    const target = partAt(this.#given.schema, value);
    if (target === undefined) this.#fail("refers to a part that the schema does not have");
    if (!isRecord(target) && typeof target !== "boolean") this.#fail("refers to what is no JSON Schema");
  }

  #at(step: string | number, look: () => void): void {
    this.#steps.push(step);
    look();
    this.#steps.pop();
  }

  #spend(parts: number): void {
    this.#budget.parts -= parts;
    if (this.#budget.parts < 0) {
      throw new ServeError("invalid_request", "The JSON Schemas of this request are too large.", {
        code: "invalid_value",
        param: this.#given.param,
      });
    }
  }

  #fail(message: string, ...steps: (string | number)[]): never {
    const param = toPath(this.#given.param, [...this.#steps, ...steps]);
    throw new ServeError("invalid_request", `Invalid JSON Schema: '${param}' ${message}.`, {
      code: "invalid_value",
      param,
    });
  }
}

interface PlainForm {
  expected: string;
  fits(value: unknown): boolean;
}

const plainForms = {
  type: { expected: "the name of a JSON type, or an array of them", fits: isType },
  values: {
    expected: "an array of at least one value",
    fits: (value) => Array.isArray(value) && value.length > 0,
  },
  count: {
    expected: "an integer of at least 0",
    fits: (value) => Number.isInteger(value) && Number(value) >= 0,
  },
  number: { expected: "a number", fits: (value) => typeof value === "number" },
  positive: { expected: "a number above 0", fits: (value) => typeof value === "number" && value > 0 },
  // A boolean in draft 4.
  bound: {
    expected: "a number",
    fits: (value) => typeof value === "number" || typeof value === "boolean",
  },
  boolean: { expected: "true or false", fits: (value) => typeof value === "boolean" },
  text: { expected: "a string", fits: (value) => typeof value === "string" },
} satisfies Partial<Record<KeywordForm, PlainForm>>;

function isType(value: unknown): boolean {
  if (!Array.isArray(value)) return typeNames.has(value);
  return value.length > 0 && value.length <= typeNames.size && value.every((name) => typeNames.has(name));
}
