import { ConfigError } from "../../core/error.ts";

export interface Endpoint {
  /** A name, an IPv4 address or an IPv6 address in brackets. */
  host: string;
  port: number;
  /** What its scheme says: `grpcs` is TLS, `grpc` is not. Absent without a scheme. */
  tls?: boolean;
}

/**
 * Reads `host:port`, `grpc://host:port` or `grpcs://host:port`. `path` is where it stands in the configuration.
 * Throws `ConfigError`.
 */
export function parseEndpoint(text: string, path: string): Endpoint {
  const match = /^(?:(grpcs?):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})\/?$/i.exec(text);
  const scheme = match?.[1]?.toLowerCase();
  const host = match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535 || (scheme === undefined && text.endsWith("/"))) {
    throw new ConfigError(
      `${path} must be a host and a port, such as "localhost:8000" or "grpcs://localhost:8000", without "http://" or a path.`,
    );
  }
  return { host, port, ...(scheme === undefined ? {} : { tls: scheme === "grpcs" }) };
}

/** `host:port`. */
export function formatEndpoint(endpoint: Endpoint): string {
  return `${endpoint.host}:${endpoint.port}`;
}

/** The endpoint on the same host, `offset` ports further; undefined if there is no such port. */
export function neighbour(endpoint: Endpoint, offset: number): Endpoint | undefined {
  const port = endpoint.port + offset;
  return port > 65_535 ? undefined : { ...endpoint, port };
}
