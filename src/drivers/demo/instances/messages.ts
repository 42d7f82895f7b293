/** What the thread says once it can take a schema. */
export const loaded = "loaded";

/** Its answer to a schema: the JSON text of an instance, if it found one. */
export interface Reply {
  text?: string;
}
