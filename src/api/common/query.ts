import { Kind, type Static, type TObject, type TProperties, Type } from "@sinclair/typebox";
import { readable } from "../../http/docs/readable.ts";
import { checked } from "../../http/validation.ts";
import type { RouteDescription } from "./detail.ts";

/** The parameters of a route's query, all of them optional: how they are described, and read. */
export interface Query<Value> {
  readonly documented: NonNullable<RouteDescription["parameters"]>;
  /** Throws `invalid_request`, which names the parameter. Those that are not described are passed over. */
  decode(request: Request): Value;
}

/** `properties` are of strings, integers and booleans. */
export function createQuery<Properties extends TProperties>(
  properties: Properties,
): Query<Static<TObject<Properties>>> {
  const check = checked(Type.Object(properties))["~standard"];
  return {
    documented: Object.entries(properties).map(([name, { description, ...schema }]) => ({
      name,
      in: "query",
      ...(description !== undefined && { description }),
      schema: readable(schema),
    })),
    decode(request) {
      const { searchParams } = new URL(request.url);
      const given: Record<string, unknown> = {};
      for (const [name, schema] of Object.entries(properties)) {
        const text = searchParams.get(name);
        if (text !== null) given[name] = readText(text, schema[Kind]);
      }
      return check.validate(given).value;
    },
  };
}

/** What a text of a query stands for; itself, where it stands for nothing of that kind. */
function readText(text: string, kind: string): unknown {
  if (kind === "Integer") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (kind === "Boolean") return text === "true" || (text === "false" ? false : text);
  return text;
}

/** Which part of a list is asked for. */
export interface ListQuery {
  limit: number;
  /** By age. */
  order: "asc" | "desc";
  /** Id of the last one of the page before. */
  after?: string;
}

/** The query of a route that lists; `order` and `limit` are those of a request that says nothing of them. */
export function createListQuery({
  order,
  limit = 20,
  maxLimit = 100,
}: {
  order: ListQuery["order"];
  limit?: number;
  maxLimit?: number;
}): Query<ListQuery> {
  const query = createQuery({
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: maxLimit, default: limit, description: "How many at most." }),
    ),
    order: Type.Optional(
      Type.Union([Type.Literal("asc"), Type.Literal("desc")], { default: order, description: "By age." }),
    ),
    after: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: "Id of the last one of the page before." }),
    ),
  });
  return {
    documented: query.documented,
    decode: (request) => ({ limit, order, ...query.decode(request) }),
  };
}
