const reported = new WeakSet<object>();

/** True the first time it is asked about a failure, so that two layers that see it pass write one line between them. */
export function isFirstReport(failure: unknown): boolean {
  if (typeof failure !== "object" || failure === null) return true;
  if (reported.has(failure)) return false;
  reported.add(failure);
  return true;
}
