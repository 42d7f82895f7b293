import { Elysia } from "elysia";
import { ServeError } from "../../core/error.ts";
import { anthropicVersion } from "../../http/protocols/anthropic.ts";
import { documented, failureResponses, jsonResponse } from "../common/detail.ts";
import { encodeAnthropic, encodePage } from "./encode-anthropic.ts";
import type { ListedModel } from "./listed-model.ts";
import { pageQuery, takePage } from "./take-page.ts";

export interface ModelDeps {
  list(): Promise<readonly ListedModel[]>;
  /** Rejects with `not_found`. */
  resolve(id: string): Promise<ListedModel>;
}

const example = { id: "demo", object: "model", created: 1763600000, owned_by: "oai-serve" };

/** In OpenAI's form, and in Anthropic's to those who say that they speak it. */
export function modelRoutes(deps: ModelDeps) {
  return new Elysia({ name: "models", normalize: false })
    .get(
      "/v1/models",
      async ({ request }) => {
        const models = await deps.list();
        if (!request.headers.has(anthropicVersion)) {
          return Response.json({ object: "list", data: models.map(encode) }, { headers });
        }
        const { page, hasMore } = takePage(models, request);
        return Response.json(encodePage(page, hasMore), { headers });
      },
      {
        detail: documented({
          tag: "Models",
          id: "listModels",
          summary: "List the models",
          description: `All of them. ${inAnthropicsForm}, and part by part.`,
          parameters: [versionParameter, ...(pageQuery.documented ?? [])],
          responses: {
            200: jsonResponse("All models that can be asked for.", "ModelList", {
              object: "list",
              data: [example],
            }),
            ...failureResponses(401, 403),
          },
        }),
      },
    )
    .get(
      "/v1/models/*",
      async ({ params, request }) => {
        const id = decodeId(params["*"]);
        const model = { ...(await deps.resolve(id)), id };
        const isAnthropic = request.headers.has(anthropicVersion);
        return Response.json(isAnthropic ? encodeAnthropic(model) : encode(model), { headers });
      },
      {
        detail: documented({
          tag: "Models",
          id: "retrieveModel",
          summary: "Look a model up",
          description: `Ids may hold slashes, as they are or percent-encoded. ${inAnthropicsForm}.`,
          parameters: [
            { name: "model", in: "path", required: true, schema: { type: "string" }, example: "demo" },
            versionParameter,
          ],
          responses: {
            200: jsonResponse("The model.", "Model", example),
            ...failureResponses(401, 403, 404),
          },
        }),
      },
    );
}

const headers = { vary: anthropicVersion };

const inAnthropicsForm = `In Anthropic's form for requests with an \`${anthropicVersion}\` header`;
const versionParameter = {
  name: anthropicVersion,
  in: "header",
  schema: { type: "string" },
  description: "Sent by Anthropic's clients, whatever it says.",
} as const;

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
