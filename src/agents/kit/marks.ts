/**
 * What the kit makes bears a mark, so that it is known again whichever copy of the kit made it. The marks are
 * registered symbols: every copy has the same.
 */
export const agentMark: unique symbol = Symbol.for("oai-serve.agent");
export const replyMark: unique symbol = Symbol.for("oai-serve.reply");
export const graphMark: unique symbol = Symbol.for("oai-serve.graph");
export const registryMark: unique symbol = Symbol.for("oai-serve.registry");

/** Whether `value` is an object that bears `mark`. */
export function hasMark(value: unknown, mark: symbol): boolean {
  return typeof value === "object" && value !== null && Reflect.get(value, mark) === true;
}
