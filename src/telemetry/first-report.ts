const reported = new WeakSet<object>();

/**
 * True the first time it is asked about a failure, so that two layers that see it pass write one line between them; also
 * where one of them has put it into other words.
 */
export function isFirstReport(failure: unknown): boolean {
  if (typeof failure !== "object" || failure === null) return true;
  const cause = failure instanceof Error ? failure.cause : undefined;
  const isKnown = [failure, cause].some(
    (each) => typeof each === "object" && each !== null && reported.has(each),
  );
  reported.add(failure);
  return !isKnown;
}
