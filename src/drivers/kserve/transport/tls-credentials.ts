import { isIP } from "node:net";
import type { Socket } from "node:net";
import { checkServerIdentity, connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import type { experimental } from "@grpc/grpc-js";
import { isTlsError, tlsFailure } from "./tls-failure.ts";

/** How a server proves who it is, and we to it. All in PEM. */
export interface TlsOptions {
  /** Authorities that may have signed the server's certificate, instead of the public ones. */
  ca?: string;
  /** Our certificate, for servers that ask for one, with `key`. */
  certificate?: string;
  key?: string;
  /** The name that the server's certificate must have, instead of the endpoint's host. */
  serverName?: string;
}

export interface TlsPeer {
  /** Name or address, an IPv6 address without brackets. */
  host: string;
  /** Longest handshake, in milliseconds. */
  handshakeTimeoutMs: number;
  /** Told how each handshake went: why it failed, in words for the operator, or undefined. */
  onHandshake(failure: string | undefined): void;
}

/**
 * TLS for a channel of grpc-js. Its own credentials refuse endpoints that are addresses, because Bun takes no address
 * for a server name, and keep to themselves why a server refused us.
 */
export function createTlsCredentials(options: TlsOptions, peer: TlsPeer): ChannelCredentials {
  return new TlsCredentials(options, peer);
}

class TlsCredentials extends ChannelCredentials {
  private readonly peer: TlsPeer;
  private readonly name: string;
  private readonly identity: Pick<ConnectionOptions, "ca" | "cert" | "key" | "minVersion">;

  constructor({ ca, certificate, key, serverName }: TlsOptions, peer: TlsPeer) {
    super();
    this.peer = peer;
    this.name = serverName ?? peer.host;
    this.identity = {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      minVersion: "TLSv1.2",
    };
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials: CallCredentials = CallCredentials.createEmpty(),
  ): experimental.SecureConnector {
    return {
      connect: async (socket) => ({ socket: await this.secure(socket), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials,
      destroy() {},
    };
  }

  private secure(socket: Socket): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (failure: string | undefined) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        this.peer.onHandshake(failure);
        if (failure === undefined) resolve(secured);
        else reject(new Error(failure));
      };
      const secured = connect({
        ...this.identity,
        socket,
        ALPNProtocols: ["h2"],
        host: this.name,
        ...(isIP(this.name) === 0 ? { servername: this.name } : {}),
        checkServerIdentity: (_host, certificate) => checkServerIdentity(this.name, certificate),
      });
      const timer = setTimeout(() => {
        end("the server did not answer the TLS handshake in time");
        secured.destroy();
      }, this.peer.handshakeTimeoutMs);
      secured.once("secureConnect", () => end(undefined));
      secured.on("error", (error) => {
        const failure = tlsFailure(error, this.name);
        // With TLS 1.3 a server says only after the handshake that it does not like our certificate.
        if (isOver && isTlsError(error)) this.peer.onHandshake(failure);
        end(failure);
      });
      secured.once("close", () => end("the server ended the connection during the TLS handshake"));
    });
  }
}
