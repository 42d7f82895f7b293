import { Elysia } from "elysia";
import { ServeError } from "../../core/error.ts";
import { documented, failureResponses, jsonResponse } from "../common/detail.ts";

/** A model as the registry knows it, as far as this surface shows it. */
export interface ListedModel {
  id: string;
  ownedBy: string;
  created: number;
  contextTokens?: number;
}

export interface ModelDeps {
  list(): Promise<readonly ListedModel[]>;
  /** Rejects with `not_found`. */
  resolve(id: string): Promise<ListedModel>;
}

const example = { id: "demo", object: "model", created: 1763600000, owned_by: "oai-serve" };

export function modelRoutes(deps: ModelDeps) {
  return new Elysia({ name: "models", normalize: false })
    .get("/v1/models", async () => Response.json({ object: "list", data: (await deps.list()).map(encode) }), {
      detail: documented({
        tag: "Models",
        id: "listModels",
        summary: "List the models",
        responses: {
          200: jsonResponse("All models that can be asked for.", "ModelList", {
            object: "list",
            data: [example],
          }),
          ...failureResponses(401, 403),
        },
      }),
    })
    .get(
      "/v1/models/*",
      async ({ params }) => {
        const id = decodeId(params["*"]);
        const model = await deps.resolve(id);
        return Response.json({ ...encode(model), id });
      },
      {
        detail: documented({
          tag: "Models",
          id: "retrieveModel",
          summary: "Look a model up",
          description: "Ids may hold slashes, as they are or percent-encoded.",
          parameters: [
            { name: "model", in: "path", required: true, schema: { type: "string" }, example: "demo" },
          ],
          responses: {
            200: jsonResponse("The model.", "Model", example),
            ...failureResponses(401, 403, 404),
          },
        }),
      },
    );
}

function encode(model: ListedModel) {
  return {
    id: model.id,
    object: "model",
    created: model.created,
    owned_by: model.ownedBy,
    ...(model.contextTokens === undefined ? {} : { context_window: model.contextTokens }),
  };
}

/** A wildcard comes as it was sent. */
function decodeId(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new ServeError("not_found", "The model id in the path is not valid.", {
      code: "model_not_found",
      param: "model",
    });
  }
}
