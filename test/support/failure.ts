/** What `promise` rejects with. Rejects itself when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const unexpected = new Error("It should have failed.");
  const failure = await promise.then(
    () => unexpected,
    (error: unknown) => error,
  );
  if (failure === unexpected) throw unexpected;
  return failure;
}
