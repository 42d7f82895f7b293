import { isNode, nodesOf, type Program, propertyName, type SyntaxNode } from "./ast.ts";

/** In which shape a template expects a conversation; templates differ, and none says it. */
export interface ConversationShape {
  /**
   * Content is a text, a list of parts, or whichever fits: a template that loops over content takes parts, and one
   * that asks whether content is a text takes both.
   */
  content: "text" | "parts" | "either";
  /** An assistant that only calls tools has no content, and not an empty one. */
  hasAbsentContent: boolean;
  /** Knows the role `developer`; for others it is `system`. */
  hasDeveloper: boolean;
  /** Has a place for tools. */
  hasTools: boolean;
}

export function findShape(program: Program): ConversationShape {
  const nodes = [...nodesOf(program)];
  const isContent = contentTest(nodes);
  const loopsOver = nodes.some((node) => node.type === "For" && isContent(node["iterable"]));
  const asksForText = nodes.some((node) => isTest(node, "string") && isContent(node["operand"]));
  return {
    content: loopsOver ? (asksForText ? "either" : "parts") : "text",
    hasAbsentContent: nodes.some((node) => isTest(node, "none") && isContent(node["operand"])),
    hasDeveloper: nodes.some((node) => node["value"] === "developer"),
    hasTools: nodes.some((node) => node.type === "Identifier" && node["value"] === "tools"),
  };
}

/** The names that a template reads; its own are among them. */
export function findVariables(program: Program): ReadonlySet<string> {
  const names = [...nodesOf(program)]
    .filter(({ type }) => type === "Identifier")
    .map(({ value }) => String(value));
  return new Set(names);
}

/** Whether an expression is a message's content: by its name, or as a variable or a macro's argument that holds it. */
function contentTest(nodes: readonly SyntaxNode[]): (node: unknown) => boolean {
  const names = new Set(["content"]);
  const isContent = (node: unknown): boolean => {
    if (!isNode(node)) return false;
    switch (node.type) {
      case "Identifier":
        return names.has(String(node["value"]));
      case "MemberExpression":
        return propertyName(node) === "content" || (isSlice(node["property"]) && isContent(node["object"]));
      case "FilterExpression":
        return isContent(node["operand"]);
      case "SelectExpression":
        return isContent(node["lhs"]);
      default:
        return false;
    }
  };
  for (const { type, assignee, value } of nodes) {
    if (type === "Set" && isNode(assignee) && isContent(value)) names.add(String(assignee["value"]));
  }
  return isContent;
}

function isSlice(node: unknown): boolean {
  return isNode(node) && node.type === "SliceExpression";
}

function isTest(node: SyntaxNode, name: string): boolean {
  const { test } = node;
  return node.type === "TestExpression" && isNode(test) && test["value"] === name;
}
