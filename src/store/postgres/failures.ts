/** SQLSTATEs after which a transaction is worth another try: it was in the way of another one. */
const crossed = /^(40001|40P01)$/;
/** Those of a server that is not there for us now, or that lets us wait for too long. */
const away = /^(08...|57P0[1-5]|53...|25006|55P03|57014)$/;
/** Those of a server that does not have our tables any more. */
const gone = /^(42P01|3F000|42883)$/;

/** Whether a transaction failed only because of others at the same time. */
export function isCrossed(error: unknown): boolean {
  return crossed.test(stateOf(error));
}

/** Whether the server cannot be reached, or does not serve us now, for a reason that may pass. */
export function isAway(error: unknown): boolean {
  return (
    away.test(stateOf(error)) ||
    /^(ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME)|ECONN|ENOENT|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(
      codeOf(error),
    )
  );
}

/** Whether only the connection ended, so that a fresh one may do. */
export function isCut(error: unknown): boolean {
  return (
    stateOf(error) === "57P01" ||
    /^ERR_POSTGRES_(CONNECTION_CLOSED|IDLE_TIMEOUT|LIFETIME_TIMEOUT)$/.test(codeOf(error))
  );
}

/** Whether the tables have to be looked at again before anything else is tried. */
export function isGone(error: unknown): boolean {
  return gone.test(stateOf(error));
}

function stateOf(error: unknown): string {
  return error instanceof Error && "errno" in error ? String(error.errno) : "";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
