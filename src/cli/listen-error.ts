/** A start that failed for a reason outside the configuration; its message is for the operator, exit code 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** Says what can be done about an address that cannot be listened on; anything else comes back as it is. */
export function explainListenError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return new StartError(`Port ${port} on ${host} is in use; choose another with --port.`, {
        cause: error,
      });
    case "EACCES":
      return new StartError(`Port ${port} needs more rights; choose one above 1023 with --port.`, {
        cause: error,
      });
    case "EADDRNOTAVAIL":
      return new StartError(`${host} is no address of this machine; choose another with --host.`, {
        cause: error,
      });
    default:
      return error;
  }
}
