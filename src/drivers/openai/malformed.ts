/** An answer that is not what the protocol says. Its message quotes nothing of the answer. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}
