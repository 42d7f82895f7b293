/** What a promise is rejected with; undefined when it is fulfilled. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (reason) {
    return reason;
  }
}
