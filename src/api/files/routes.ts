import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { callOf } from "../../http/call.ts";
import { streamed, type StreamedOptions } from "../../http/streamed.ts";
import { documented, failureResponses, jsonResponse } from "../common/detail.ts";
import { encodeList, jsonAnswer, unknownCursor } from "../common/encode-list.ts";
import { attachment } from "../common/files/filename.ts";
import { findFile, readFile } from "../common/files/read-file.ts";
import { fileId, fileKey, readyLabels, type StoredFile, toStoredFile } from "../common/files/stored-file.ts";
import { notFound, pathId } from "../common/path-id.ts";
import { createListQuery, createQuery } from "../common/query.ts";
import { encodeDeleted, encodeFile } from "./encode.ts";
import { fileExamples } from "./examples.ts";
import { upload, type UploadDeps } from "./upload.ts";

export interface FileDeps extends UploadDeps {
  stream: Pick<StreamedOptions, "stallMs">;
}

const listQuery = createListQuery({ order: "desc", limit: 10_000, maxLimit: 10_000 });
const purposeQuery = createQuery({
  purpose: Type.Optional(Type.String({ maxLength: 64, description: "Only those for this." })),
});

const idParameter = {
  name: "id",
  in: "path",
  required: true,
  schema: { type: "string" },
  example: fileExamples.file.id,
} as const;

export function fileRoutes(deps: FileDeps) {
  return new Elysia({ name: "files", normalize: false })
    .post(
      "/v1/files",
      async ({ request }) => Response.json(encodeFile(await upload(request, callOf(request), deps))),
      {
        parse: "none",
        detail: documented({
          tag: "Files",
          id: "createFile",
          summary: "Upload a file",
          description: "The file is there once all of it has come. Its fields may come in any order.",
          request: {
            schema: "CreateFileRequest",
            type: "multipart/form-data",
            examples: fileExamples.requests,
          },
          responses: {
            200: jsonResponse("The file.", "FileObject", fileExamples.file),
            ...failureResponses(400, 401, 403, 413, 503),
          },
        }),
      },
    )
    .get("/v1/files", ({ request }) => list(request, deps), {
      detail: documented({
        tag: "Files",
        id: "listFiles",
        summary: "List the files",
        description: "Those of the key that asks; a page has at most 1,000.",
        parameters: [...listQuery.documented, ...purposeQuery.documented],
        responses: {
          200: jsonResponse("A page of them.", "FileList", fileExamples.list),
          ...failureResponses(400, 401, 403, 503),
        },
      }),
    })
    .get(
      "/v1/files/:id",
      async ({ params, request }) => Response.json(encodeFile(await find(params.id, request, deps))),
      {
        detail: documented({
          tag: "Files",
          id: "retrieveFile",
          summary: "Look a file up",
          parameters: [idParameter],
          responses: {
            200: jsonResponse("The file.", "FileObject", fileExamples.file),
            ...failureResponses(400, 401, 403, 404, 503),
          },
        }),
      },
    )
    .delete("/v1/files/:id", ({ params, request }) => remove(params.id, request, deps), {
      detail: documented({
        tag: "Files",
        id: "deleteFile",
        summary: "Delete a file",
        parameters: [idParameter],
        responses: {
          200: jsonResponse("That it is gone.", "FileDeleted", fileExamples.deleted),
          ...failureResponses(400, 401, 403, 404, 503),
        },
      }),
    })
    .get("/v1/files/:id/content", ({ params, request }) => content(params.id, request, deps), {
      detail: documented({
        tag: "Files",
        id: "downloadFile",
        summary: "Get what is in a file",
        description: "The bytes as they were uploaded.",
        parameters: [idParameter],
        responses: {
          200: {
            description: "The bytes, as an attachment.",
            content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
          },
          ...failureResponses(400, 401, 403, 404, 503),
        },
      }),
    });
}

async function find(id: string, request: Request, { records }: FileDeps): Promise<StoredFile> {
  const known = pathId(id, fileId);
  const file = await findFile(records, callOf(request).owner ?? "", known);
  if (file === undefined) throw notFound(known, fileId);
  return file;
}

async function list(request: Request, { records }: FileDeps): Promise<Response> {
  const { purpose } = purposeQuery.decode(request);
  const page = await records.list({
    collection: "file",
    owner: callOf(request).owner ?? "",
    labels: readyLabels(purpose),
    ...listQuery.decode(request),
  });
  if (page === undefined) throw unknownCursor();
  const items = page.items
    .map(toStoredFile)
    .filter((file) => file !== undefined)
    .map((file) => ({ id: file.id, json: JSON.stringify(encodeFile(file)) }));
  return jsonAnswer(encodeList({ items, hasMore: page.hasMore }));
}

async function remove(id: string, request: Request, deps: FileDeps): Promise<Response> {
  const file = await find(id, request, deps);
  const removal = await deps.records.write([
    { kind: "delete", key: fileKey(callOf(request).owner ?? "", file.id) },
  ]);
  if (removal.kind === "conflict") throw notFound(file.id, fileId);
  return Response.json(encodeDeleted(file.id));
}

async function content(id: string, request: Request, deps: FileDeps): Promise<Response> {
  const call = callOf(request);
  const file = await find(id, request, deps);
  call.holdOpen();
  return streamed(readFile(deps.records, call.owner ?? "", file.id), call, {
    stallMs: deps.stream.stallMs,
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": attachment(file.filename),
      "x-content-type-options": "nosniff",
    },
  });
}
