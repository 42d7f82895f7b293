import { Type } from "@sinclair/typebox";
import { ServeError } from "../../core/error.ts";
import { createQuery } from "../common/query.ts";
import type { ListedModel } from "./listed-model.ts";

const modelId = (description: string) => Type.Optional(Type.String({ maxLength: 512, description }));

/** How Anthropic's clients ask for a list part by part. */
export const pageQuery = createQuery({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, default: 20, description: "How many at most." }),
  ),
  after_id: modelId("Id of the last one of the page before."),
  before_id: modelId("Id of the first one of the page after."),
});

/** The models that `request` asks for, and whether there are more on that side. Throws `invalid_request`. */
export function takePage(
  models: readonly ListedModel[],
  request: Request,
): { page: readonly ListedModel[]; hasMore: boolean } {
  const { limit = 20, after_id: after, before_id: before } = pageQuery.decode(request);
  if (before !== undefined) {
    const end = positionOf(models, before, "before_id");
    const start = Math.max(0, end - limit);
    return { page: models.slice(start, end), hasMore: start > 0 };
  }
  const start = after === undefined ? 0 : positionOf(models, after, "after_id") + 1;
  return { page: models.slice(start, start + limit), hasMore: start + limit < models.length };
}

function positionOf(models: readonly ListedModel[], id: string, param: string): number {
  const position = models.findIndex((model) => model.id === id);
  if (position !== -1) return position;
  throw new ServeError("invalid_request", `'${param}' is not the id of a model.`, {
    code: "invalid_value",
    param,
  });
}
