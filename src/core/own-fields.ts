const ownFields: ReadonlySet<string> = new Set(["conversation_id", "include_steps"]);

/** Whether a field of a request, by its wire name, is an extension of this server's, which no model and no other server knows. */
export function isOwnField(name: string): boolean {
  return ownFields.has(name);
}
