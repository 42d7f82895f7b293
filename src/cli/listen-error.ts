/** A start that failed for a reason outside the configuration; its message is for the operator, exit code 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}

const noAddress: ReadonlySet<unknown> = new Set([
  "EADDRNOTAVAIL",
  "EINVAL",
  "ENOTFOUND",
  // Bun's for a text with colons that is no address.
  "ERR_INVALID_ARG_TYPE",
]);

/**
 * Says what can be done about an address that cannot be listened on, under the name that `place` has for the setting;
 * anything else comes back as it is.
 */
export function explainListenError(
  error: unknown,
  { host, port }: { host: string; port: number },
  place: (path: readonly string[]) => string,
): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const refuse = (key: "host" | "port", text: string) =>
    new StartError(`${place(["listen", key])}: ${text}.`, { cause: error });
  if (code === "EADDRINUSE") return refuse("port", `port ${port} on ${host} is in use; choose another`);
  if (code === "EACCES" && port < 1_024) {
    return refuse("port", `port ${port} needs more rights; choose one above 1023`);
  }
  if (code === "EACCES") {
    return refuse("port", `the system does not allow port ${port} on ${host}; choose another`);
  }
  if (!noAddress.has(code)) return error;
  return refuse("host", `${host} is neither an address of this machine nor a name of one`);
}
