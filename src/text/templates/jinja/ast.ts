import type { Interpreter, parse } from "@huggingface/jinja";
import { isRecord } from "../../../core/json.ts";

/** A parsed template. */
export type Program = ReturnType<typeof parse>;
export type RuntimeValue = ReturnType<Interpreter["evaluate"]>;

/** A node of the syntax tree. The library says nothing of the fields that each type has. */
export type SyntaxNode = Readonly<Record<string, unknown>> & { readonly type: string };

export function isNode(value: unknown): value is SyntaxNode {
  return isRecord(value) && typeof value["type"] === "string";
}

/** The name that `object.name` or `object["name"]` asks for; undefined when it is computed. */
export function propertyName({ property, computed }: SyntaxNode): string | undefined {
  if (!isNode(property) || typeof property["value"] !== "string") return undefined;
  return computed !== true || property.type === "StringLiteral" ? property["value"] : undefined;
}

/** The node and all below it. What stands after a dot is not a variable and is left out. */
export function* nodesOf(root: unknown): Generator<SyntaxNode> {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (Array.isArray(next)) waiting.push(...next);
    else if (next instanceof Map) waiting.push(...next.keys(), ...next.values());
    else if (isNode(next)) {
      yield next;
      const { property, ...rest } = next;
      waiting.push(...Object.values(rest));
      if (next["computed"] === true) waiting.push(property);
    }
  }
}
