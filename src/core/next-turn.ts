/** Resolves in the next turn of the event loop, once what waits there had its turn. */
export async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
