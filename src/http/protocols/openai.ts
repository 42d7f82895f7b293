import { toErrorBody } from "../errors.ts";
import type { Protocol } from "./protocol.ts";

export const openai: Protocol = {
  failure: (error) => ({ status: error.status, body: { error: toErrorBody(error) } }),
  headers: ({ startedAt }) => ({
    "openai-processing-ms": String(Math.round(performance.now() - startedAt)),
    "openai-version": "2020-10-01",
  }),
};
