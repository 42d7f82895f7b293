import { Interpreter } from "@huggingface/jinja";
import { isNode, propertyName, type RuntimeValue, type SyntaxNode } from "./ast.ts";
import { filterBounds, type Bound, methodBounds } from "./bounds.ts";
import type { Budget } from "./budget.ts";

type Node = Parameters<Interpreter["evaluate"]>[0];
type Scope = Parameters<Interpreter["evaluate"]>[1];

/**
 * The library's interpreter within a budget. Loops, and the few filters and methods whose result can be much longer
 * than what they are given, are paid for before they begin. All else makes at most the sum of its parts, and is
 * measured when it is done.
 */
export class BoundedInterpreter extends Interpreter {
  readonly #budget: Budget;

  constructor(scope: NonNullable<Scope>, budget: Budget) {
    super(scope);
    this.#budget = budget;
  }

  override evaluate(node: Node, scope: Scope): RuntimeValue {
    if (node instanceof Evaluated) return node.value;
    if (node instanceof LoopBody) return this.#turn(node, scope);
    this.#budget.spend(1);
    if (!isNode(node)) return super.evaluate(node, scope);
    const value: RuntimeValue | undefined = this.#perform(node, scope);
    // The library's filters give nothing at all for the first element of an empty list.
    if (value === undefined) return super.evaluate(undefined, scope);
    if (isCopy(node)) this.#budget.payFor(value);
    this.#budget.check(value);
    return value;
  }

  #perform(node: SyntaxNode, scope: Scope): RuntimeValue {
    switch (node.type) {
      case "For":
        return this.#loop(node, scope);
      case "If":
        return this.#if(node, scope);
      case "Break":
      case "Continue":
        throw new LoopExit(node.type === "Break");
      case "Set":
        return this.#set(node, scope);
      case "FilterStatement":
        return this.evaluate(replaced(node, { type: "FilterExpression", operand: bodyOf(node) }), scope);
      case "FilterExpression":
        return this.#filter(node, scope);
      case "CallExpression":
        return this.#call(node, scope);
      case "MemberExpression":
        return this.#member(node, scope);
      default:
        return super.evaluate(node, scope);
    }
  }

  #loop(node: SyntaxNode, scope: Scope): RuntimeValue {
    const iterable = partOf(node, "iterable");
    const isFiltered = iterable.type === "SelectExpression";
    const list = this.#settle(isFiltered ? partOf(iterable, "lhs") : iterable, scope);
    this.#budget.payForLoop(list.value);
    return super.evaluate(
      replaced(node, {
        iterable: isFiltered ? { ...iterable, lhs: list } : list,
        body: [new LoopBody(statementsOf(node, "body"))],
      }),
      scope,
    );
  }

  /** One turn of a loop. The library forgets what was written before a `break` or a `continue`. */
  #turn(body: LoopBody, scope: Scope): RuntimeValue {
    if (body.isOver) return super.evaluate(textNode(""), scope);
    try {
      return this.#block(body.statements, scope);
    } catch (exit) {
      if (!(exit instanceof LoopExit)) throw exit;
      body.isOver = exit.isBreak;
      return super.evaluate(textNode(exit.written), scope);
    }
  }

  #if(node: SyntaxNode, scope: Scope): RuntimeValue {
    const negation = replaced(node, {
      type: "UnaryExpression",
      operator: { value: "not" },
      argument: partOf(node, "test"),
    });
    const isFalse = super.evaluate(negation, scope).value === true;
    return this.#block(statementsOf(node, isFalse ? "alternate" : "body"), scope);
  }

  #block(statements: readonly SyntaxNode[], scope: Scope): RuntimeValue {
    let text = "";
    try {
      for (const statement of statements) {
        const value = this.evaluate(statement, scope);
        if (value.type !== "NullValue" && value.type !== "UndefinedValue") text += value.toString();
      }
    } catch (exit) {
      if (exit instanceof LoopExit) exit.written = text + exit.written;
      throw exit;
    }
    return super.evaluate(textNode(text), scope);
  }

  /** `{% set name %}…{% endset %}` keeps a text that no expression has made. */
  #set(node: SyntaxNode, scope: Scope): RuntimeValue {
    if (isNode(node["value"])) return super.evaluate(node, scope);
    const text = this.#settle(bodyOf(node), scope);
    this.#budget.payFor(text.value);
    return super.evaluate(replaced(node, { value: text }), scope);
  }

  #filter(node: SyntaxNode, scope: Scope): RuntimeValue {
    const filter = partOf(node, "filter");
    const name = filter.type === "CallExpression" ? partOf(filter, "callee")["value"] : filter["value"];
    const bound = filterBounds.get(name);
    if (bound === undefined) return super.evaluate(node, scope);
    const operand = this.#settle(partOf(node, "operand"), scope);
    const args = this.#settleBounded(bound, operand.value, filter["args"], scope);
    return super.evaluate(replaced(node, { operand, filter: { ...filter, args } }), scope);
  }

  #call(node: SyntaxNode, scope: Scope): RuntimeValue {
    const callee = partOf(node, "callee");
    const bound = callee.type === "MemberExpression" ? methodBounds.get(propertyName(callee)) : undefined;
    if (bound === undefined) return super.evaluate(node, scope);
    const object = this.#settle(partOf(callee, "object"), scope);
    const args = this.#settleBounded(bound, object.value, node["args"], scope);
    return super.evaluate(replaced(node, { callee: { ...callee, object }, args }), scope);
  }

  /** A method whose result needs a bound may only be called where it is named: nobody could tell it later. */
  #member(node: SyntaxNode, scope: Scope): RuntimeValue {
    const value: RuntimeValue | undefined = super.evaluate(node, scope);
    if (typeof value?.value !== "function" || node["object"] instanceof Evaluated) return value;
    const name = propertyName(node);
    if (name === undefined || methodBounds.has(name))
      throw new Error("A method must be called where it is named.");
    return value;
  }

  #settleBounded(bound: Bound, subject: RuntimeValue, args: unknown, scope: Scope): readonly SyntaxNode[] {
    const settled = (Array.isArray(args) ? args : []).map((argument: unknown) =>
      this.#settleArgument(argument, scope),
    );
    const values = settled.map(({ settled: { value } }) => value);
    this.#budget.allow(bound(subject, values, this.#budget));
    return settled.map(({ node }) => node);
  }

  #settleArgument(argument: unknown, scope: Scope): { node: SyntaxNode; settled: Evaluated } {
    if (!isNode(argument) || argument.type.endsWith("SpreadExpression"))
      throw new Error("Arguments cannot be unpacked here.");
    if (argument.type !== "KeywordArgumentExpression") {
      const settled = this.#settle(argument, scope);
      return { node: settled, settled };
    }
    const settled = this.#settle(partOf(argument, "value"), scope);
    return { node: { ...argument, value: settled }, settled };
  }

  #settle(node: SyntaxNode, scope: Scope): Evaluated {
    return new Evaluated(this.evaluate(node, scope));
  }
}

/** An expression whose value is known already. */
class Evaluated implements SyntaxNode {
  readonly [field: string]: unknown;
  readonly type = "Evaluated";
  readonly value: RuntimeValue;

  constructor(value: RuntimeValue) {
    this.value = value;
  }
}

/** What a loop does in each turn, and whether it was left. */
class LoopBody implements SyntaxNode {
  readonly [field: string]: unknown;
  readonly type = "LoopBody";
  readonly statements: readonly SyntaxNode[];
  isOver = false;

  constructor(statements: readonly SyntaxNode[]) {
    this.statements = statements;
  }
}

/** `break` or `continue`, on its way to the loop. */
class LoopExit extends Error {
  readonly isBreak: boolean;
  /** What the turn had written. */
  written = "";

  constructor(isBreak: boolean) {
    super("A loop is left where there is none.");
    this.isBreak = isBreak;
  }
}

const copying = new Set(["BinaryExpression", "FilterExpression", "CallExpression", "CallStatement"]);

/** Whether a node makes new text or a new list out of old ones. */
function isCopy(node: SyntaxNode): boolean {
  if (copying.has(node.type)) return true;
  const { property } = node;
  return isNode(property) && property.type === "SliceExpression";
}

function partOf(node: SyntaxNode, field: string): SyntaxNode {
  const part = node[field];
  if (!isNode(part)) throw new Error(`The template's syntax tree has no ${field} where it needs one.`);
  return part;
}

function statementsOf(node: SyntaxNode, field: string): readonly SyntaxNode[] {
  const statements = node[field];
  return Array.isArray(statements) ? statements.filter(isNode) : [];
}

function textNode(value: string): SyntaxNode {
  return { type: "StringLiteral", value };
}

/** What a block statement writes, as an expression. */
function bodyOf(node: SyntaxNode): SyntaxNode {
  return { type: "Program", body: node["body"] };
}

function replaced(node: SyntaxNode, fields: Readonly<Record<string, unknown>>): SyntaxNode {
  return { ...node, ...fields };
}
