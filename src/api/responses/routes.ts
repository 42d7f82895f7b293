import { Elysia } from "elysia";
import { ServeError } from "../../core/error.ts";
import { jsonBody } from "../../http/body.ts";
import { type Call, callOf } from "../../http/call.ts";
import { sse } from "../../http/sse.ts";
import { checked } from "../../http/validation.ts";
import type { SurfaceDeps } from "../common/deps.ts";
import { jsonAnswer } from "../common/encode-list.ts";
import { refuseLikeOpenai } from "../common/strict.ts";
import { createInBackground } from "./background/create.ts";
import { endRun, readLiving } from "./background/end-run.ts";
import { replay } from "./background/replay.ts";
import { createRuns } from "./background/runs.ts";
import { compact } from "./compact.ts";
import { createNow } from "./create.ts";
import { decode, refuseTooMany } from "./decode.ts";
import type { ResponseDeps } from "./deps.ts";
import {
  cancelDetail,
  compactDetail,
  countDetail,
  createDetail,
  deleteDetail,
  listInputDetail,
  listQuery,
  retrieveDetail,
  retrieveQuery,
} from "./details.ts";
import { countWithOurNames, withOurNames } from "./field-names.ts";
import { countInput } from "./input-tokens.ts";
import { readHead } from "./layout.ts";
import { CompactRequest, InputTokensRequest, ResponseRequest } from "./schema.ts";
import { deleteResponse, keyInPath, listInput, storedResponse } from "./stored.ts";

export function responseRoutes(given: SurfaceDeps) {
  const deps: ResponseDeps = {
    ...given,
    generate: withOurNames(given.generate),
    countTokens: countWithOurNames(given.countTokens),
    runs: createRuns(given.records),
  };
  const { records } = deps;
  const parse = [jsonBody(deps.bodyLimits)];
  const precheck = (body: Parameters<typeof refuseTooMany>[0]) => refuseTooMany(body, deps.maxMessages);
  return new Elysia({ name: "responses", normalize: false })
    .post(
      "/v1/responses",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        if (deps.strict) refuseLikeOpenai(body);
        const create = body.background === true ? createInBackground : createNow;
        return await create({ body, headers: request.headers, decoded: decode(body) }, call, deps);
      },
      { parse, body: checked(ResponseRequest, precheck), detail: createDetail },
    )
    .post(
      "/v1/responses/input_tokens",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        const tokens = await countInput(body, call, deps);
        return Response.json({ object: "response.input_tokens", input_tokens: tokens });
      },
      { parse, body: checked(InputTokensRequest, precheck), detail: countDetail },
    )
    .post(
      "/v1/responses/compact",
      async ({ body, request }) => {
        const call = callOf(request);
        call.holdOpen();
        return Response.json(await compact(body, call, deps));
      },
      { parse, body: checked(CompactRequest, precheck), detail: compactDetail },
    )
    .get("/v1/responses/:id", ({ params, request }) => retrieve(params.id, request, deps), {
      detail: retrieveDetail,
    })
    .delete(
      "/v1/responses/:id",
      async ({ params, request }) => {
        const key = keyInPath(params.id, callOf(request));
        await deleteResponse(key, records);
        await deps.runs.cancel(key);
        return Response.json({ id: key.id, object: "response", deleted: true });
      },
      { detail: deleteDetail },
    )
    .post(
      "/v1/responses/:id/cancel",
      async ({ params, request }) => jsonAnswer(await cancel(params.id, callOf(request), deps)),
      { detail: cancelDetail },
    )
    .get(
      "/v1/responses/:id/input_items",
      async ({ params, request }) => {
        const key = keyInPath(params.id, callOf(request));
        return jsonAnswer(await listInput(key, listQuery.decode(request), records));
      },
      { detail: listInputDetail },
    );
}

async function retrieve(
  id: string,
  request: Request,
  { records, runs, stream }: ResponseDeps,
): Promise<Response> {
  const call = callOf(request);
  const query = retrieveQuery.decode(request);
  const record = await readLiving(keyInPath(id, call), records);
  if (query.stream !== true) return jsonAnswer(storedResponse(record));
  if (readHead(record).run === undefined) throw notInBackground("Its events are not told again.", "stream");
  call.holdOpen();
  const frames = replay(
    { record, after: query.starting_after ?? -1, signal: call.signal },
    { records, runs },
  );
  return sse(frames, call, { ...stream, headers: {} });
}

async function cancel(id: string, call: Call, { records, runs }: ResponseDeps): Promise<string> {
  const key = keyInPath(id, call);
  const record = await readLiving(key, records);
  if (readHead(record).run === undefined) throw notInBackground("It cannot be cancelled.");
  await runs.cancel(key);
  return storedResponse(await endRun(key, { kind: "cancelled" }, records));
}

function notInBackground(what: string, param?: string): ServeError {
  return new ServeError("invalid_request", `The response is not one in the background. ${what}`, {
    ...(param !== undefined && { param, code: "invalid_value" }),
  });
}
