/** Where in the instance a value stands. */
export interface Place {
  /** Of the property that holds it, also through arrays. */
  name: string;
  depth: number;
  /** Position in the array around it: values at different positions differ, for `uniqueItems`. */
  index: number;
  /** References that were followed to get here. */
  trail: ReadonlySet<string>;
}

/** A schema for the generator: constants, texts by pattern, and objects and arrays of fixed shape. */
export type Plan = Record<string, unknown>;
