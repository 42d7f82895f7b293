/**
 * What `work` gives, or `late()` if that takes longer than `milliseconds`. The signal that `work` gets aborts then, but
 * nobody waits for it to take notice. Rejects as `work` or `late` does.
 */
export async function within<Result>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<Result>,
  late: () => Result,
): Promise<Result> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<Result>((resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    }, milliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
