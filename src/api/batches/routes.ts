import { Elysia } from "elysia";
import { type BodyLimits, jsonBody } from "../../http/body.ts";
import { callOf } from "../../http/call.ts";
import { checked } from "../../http/validation.ts";
import type { RecordKey, RecordStore } from "../../store/records.ts";
import { documented, failureResponses, jsonResponse } from "../common/detail.ts";
import { encodeList, jsonAnswer, unknownCursor } from "../common/encode-list.ts";
import { notFound, pathId } from "../common/path-id.ts";
import { createListQuery } from "../common/query.ts";
import { batchId, batchKey } from "./batch.ts";
import { cancelBatch } from "./cancel.ts";
import { createBatch } from "./create.ts";
import { encodeBatch } from "./encode.ts";
import { batchExamples } from "./examples.ts";
import { CreateBatchRequest } from "./schema.ts";

export interface BatchDeps {
  records: RecordStore;
  bodyLimits: BodyLimits;
  /** Tells whoever runs batches that there is a new one. */
  batchCreated(): void;
}

const listQuery = createListQuery({ order: "desc" });

const idParameter = {
  name: "id",
  in: "path",
  required: true,
  schema: { type: "string" },
  example: batchExamples.batch.id,
} as const;

export function batchRoutes(deps: BatchDeps) {
  return new Elysia({ name: "batches", normalize: false })
    .post(
      "/v1/batches",
      async ({ body, request }) => {
        const record = await createBatch(body, callOf(request).owner ?? "", deps.records);
        deps.batchCreated();
        return Response.json(encodeBatch(record));
      },
      {
        parse: [jsonBody(deps.bodyLimits)],
        body: checked(CreateBatchRequest),
        detail: documented({
          tag: "Batches",
          id: "createBatch",
          summary: "Ask many things at once",
          description:
            "Each line of the input file is one request; the answers are lines of another file. They are asked in the background.",
          request: { schema: "CreateBatchRequest", examples: batchExamples.requests },
          responses: {
            200: jsonResponse("The batch.", "Batch", batchExamples.made),
            ...failureResponses(400, 401, 403, 404, 413, 503),
          },
        }),
      },
    )
    .get("/v1/batches", ({ request }) => list(request, deps), {
      detail: documented({
        tag: "Batches",
        id: "listBatches",
        summary: "List the batches",
        description: "Those of the key that asks.",
        parameters: listQuery.documented,
        responses: {
          200: jsonResponse("A page of them.", "BatchList", batchExamples.list),
          ...failureResponses(400, 401, 403, 503),
        },
      }),
    })
    .get("/v1/batches/:id", ({ params, request }) => retrieve(keyOf(params.id, request), deps), {
      detail: documented({
        tag: "Batches",
        id: "retrieveBatch",
        summary: "Look a batch up",
        parameters: [idParameter],
        responses: {
          200: jsonResponse("The batch as it is now.", "Batch", batchExamples.batch),
          ...failureResponses(400, 401, 403, 404, 503),
        },
      }),
    })
    .post(
      "/v1/batches/:id/cancel",
      async ({ params, request }) =>
        Response.json(encodeBatch(await cancelBatch(keyOf(params.id, request), deps.records))),
      {
        parse: "none",
        detail: documented({
          tag: "Batches",
          id: "cancelBatch",
          summary: "End a batch",
          description: "No line is asked any more; what was answered can be read.",
          parameters: [idParameter],
          responses: {
            200: jsonResponse("The batch as it is now.", "Batch", batchExamples.cancelling),
            ...failureResponses(400, 401, 403, 404, 503),
          },
        }),
      },
    );
}

function keyOf(id: string, request: Request): RecordKey {
  return batchKey(callOf(request).owner ?? "", pathId(id, batchId));
}

async function retrieve(key: RecordKey, { records }: BatchDeps): Promise<Response> {
  const record = await records.head(key);
  if (record === undefined) throw notFound(key.id, batchId);
  return Response.json(encodeBatch(record));
}

async function list(request: Request, { records }: BatchDeps): Promise<Response> {
  const page = await records.list({
    collection: "batch",
    owner: callOf(request).owner ?? "",
    ...listQuery.decode(request),
  });
  if (page === undefined) throw unknownCursor();
  const items = page.items.map((record) => ({
    id: record.key.id,
    json: JSON.stringify(encodeBatch(record)),
  }));
  return jsonAnswer(encodeList({ items, hasMore: page.hasMore }));
}
