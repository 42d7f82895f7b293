import { speaksTls } from "./speaks-tls.ts";
import type { TlsOptions } from "./tls-credentials.ts";
import { GrpcError, grpcStatus } from "./transport.ts";

export interface FaultyEndpoint {
  /** Name or address, an IPv6 address without brackets. */
  host: string;
  port: number;
  /** What we use of TLS, if we do. */
  tls: Pick<TlsOptions, "certificate"> | undefined;
}

/** Finds out what an operator should know of a connection that cannot be made; grpc-js says hardly anything. */
export interface ConnectionFaults {
  /** To be told of each TLS handshake why it failed, or that it did not. */
  onHandshake(failure: string | undefined): void;
  /** The error of a call with what is known of its connection. May ask the server, for no longer than a second. */
  explain(error: GrpcError): GrpcError | Promise<GrpcError>;
}

const probeTimeoutMs = 1_000;
/** How long what a probe found is taken to hold, so that calls that fail together ask once. */
const probeHoldsMs = 10_000;

/** What there is no handshake after. */
const unconnected: readonly (readonly [details: RegExp, reason: string])[] = [
  [/ECONNREFUSED/, "nothing listens there (ECONNREFUSED)"],
  [/ENOTFOUND|EAI_AGAIN|Name resolution/, "the host's name cannot be resolved"],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, "the host cannot be reached"],
];
/** grpc-js's words for an answer that is no HTTP/2, as HTTP/1 gives. */
const notHttp2 = /^No connection established\. Last error: Protocol error/;
/** And for a connection that ended before HTTP/2 was spoken. */
const endedEarly = /Failed to connect/;

const otherProtocol = "what answers there does not speak gRPC; is it the server's HTTP port?";
const wantsCertificate =
  "the server ended the connection right after the TLS handshake; it may want a client certificate, which tls.cert_file and tls.key_file name";
const wantsOtherCertificate =
  "the server ended the connection right after the TLS handshake; it may have refused the client certificate";
const wantsTls = "the server wants TLS; tls is not set for this backend";

export function createConnectionFaults({ host, port, tls }: FaultyEndpoint): ConnectionFaults {
  let handshakeFailure: string | undefined;
  let probe: { at: number; isTls: Promise<boolean> } | undefined;

  function isTlsServer(): Promise<boolean> {
    if (probe === undefined || performance.now() - probe.at > probeHoldsMs) {
      probe = { at: performance.now(), isTls: speaksTls(host, port, probeTimeoutMs) };
    }
    return probe.isTls;
  }

  function explainTls(error: GrpcError, hasCertificate: boolean): GrpcError {
    if (handshakeFailure !== undefined) return withReason(error, handshakeFailure);
    if (!endedEarly.test(error.details)) return error;
    return withReason(error, hasCertificate ? wantsOtherCertificate : wantsCertificate);
  }

  return {
    onHandshake(failure) {
      handshakeFailure = failure;
    },
    explain(error) {
      if (error.code !== grpcStatus.unavailable) return error;
      const [, reason] = unconnected.find(([details]) => details.test(error.details)) ?? [];
      if (reason !== undefined) return withReason(error, reason);
      if (notHttp2.test(error.details)) return withReason(error, otherProtocol);
      if (tls !== undefined) return explainTls(error, tls.certificate !== undefined);
      if (!endedEarly.test(error.details)) return error;
      return isTlsServer().then((isTls) => (isTls ? withReason(error, wantsTls) : error));
    },
  };
}

function withReason(error: GrpcError, reason: string): GrpcError {
  const { retryPushbackMs } = error;
  return new GrpcError(error.code, reason, retryPushbackMs === undefined ? {} : { retryPushbackMs });
}
