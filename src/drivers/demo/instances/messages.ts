/** The thread's answer to a schema: the JSON text of an instance, if it found one. */
export interface Reply {
  text?: string;
}
