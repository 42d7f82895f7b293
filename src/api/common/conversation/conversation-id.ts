import { ServeError } from "../../../core/error.ts";
import { createId } from "../../../core/ids.ts";
import type { IdKind } from "../path-id.ts";

/** An id that the client gave, and where. */
export interface GivenId {
  id: string;
  /** The field or header, for errors. */
  param: string;
}

export const conversationHeader = "x-conversation-id";

/** Of an id that a client chooses; goes into a header as it is. */
export const conversationIdPattern = "^[\\w.:@/+=~-]{1,128}$";
/** Those of conversations, in paths. */
export const conversationIds: IdKind = {
  what: "Conversation",
  param: "conversation_id",
  form: new RegExp(conversationIdPattern),
};

export function createConversationId(): string {
  return createId("conv_", 24);
}

/**
 * The id in the body, else in the header; `metadata` is asked last, and only where the model keeps conversations: it
 * is the client's own otherwise. Throws `invalid_request` for a header that says another than the body.
 */
export function givenIds(
  body: { conversation_id?: string | null; metadata?: Readonly<Record<string, string>> | null },
  headers: Headers,
): { direct: GivenId | undefined; inMetadata: GivenId | undefined } {
  const named = body.conversation_id ?? undefined;
  const header = headers.get(conversationHeader) ?? undefined;
  if (named !== undefined && header !== undefined && named !== header) throw disagreement();
  const noted = body.metadata?.["conversation_id"];
  return {
    direct:
      named !== undefined
        ? { id: named, param: "conversation_id" }
        : header !== undefined
          ? { id: header, param: "X-Conversation-Id" }
          : undefined,
    inMetadata: noted === undefined ? undefined : { id: noted, param: "metadata.conversation_id" },
  };
}

function disagreement(): ServeError {
  return new ServeError(
    "invalid_request",
    "'X-Conversation-Id' names another conversation than 'conversation_id'.",
    { code: "invalid_value", param: "X-Conversation-Id" },
  );
}

/** Throws `invalid_request` for an id of another form. */
export function assertConversationId({ id, param }: GivenId): void {
  if (conversationIds.form.test(id)) return;
  throw new ServeError(
    "invalid_request",
    `'${param}' must have 1 to 128 characters: letters, digits and . _ : @ / + = ~ -`,
    { code: "invalid_value", param },
  );
}
