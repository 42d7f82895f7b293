import { createHexId } from "../../core/ids.ts";
import type { IdKind } from "../common/path-id.ts";

export const responseIds: IdKind = {
  what: "Response",
  param: "response_id",
  form: /^resp_[A-Za-z0-9_-]{1,128}$/,
};

export function createResponseId(): string {
  return createHexId("resp_", 48);
}
