/** In words for an operator why TLS with a server of that name failed, from an error of `node:tls`. */
export function tlsFailure(error: Error, name: string): string {
  const code = codeOf(error);
  const known = reasons.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return known[1].replace("{name}", name);
  return `TLS failed: ${code === "" ? error.message : code}`;
}

/** Whether the error is TLS's own, as an alert of the server's is, and not one of the connection below. */
export function isTlsError(error: Error): boolean {
  return codeOf(error).startsWith("ERR_SSL_");
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

const unknownAuthority =
  "the server's certificate is signed by an authority that is not known here; tls.ca_file names another";

/** By codes of OpenSSL's certificate checks and of BoringSSL's errors, which name the alert that the server sent. */
const reasons: readonly [code: RegExp, reason: string][] = [
  [/^CERT_HAS_EXPIRED$/, "the server's certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "the server's certificate is not valid yet; is the clock right?"],
  [
    /SELF_SIGNED_CERT/,
    "the server's certificate is self-signed or its authority is not known here; tls.ca_file names another",
  ],
  [/UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)|CERT_UNTRUSTED|INVALID_CA/, unknownAuthority],
  [
    /ALTNAME_INVALID|HOSTNAME_MISMATCH/,
    'the server\'s certificate is not for the name "{name}"; tls.server_name says which name it has',
  ],
  [/CERTIFICATE_REQUIRED/, "the server wants a client certificate; tls.cert_file and tls.key_file name one"],
  [
    /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|ACCESS_DENIED|UNSUPPORTED_CERTIFICATE|DECRYPT_ERROR)|UNKNOWN_CA$/,
    "the server refused the client certificate",
  ],
  [/ALERT_HANDSHAKE_FAILURE/, "the server refused the TLS handshake; it may want a client certificate"],
  [/UNRECOGNIZED_NAME/, 'the server does not know the name "{name}"; tls.server_name says another'],
  [
    /WRONG_VERSION_NUMBER|HTTP_REQUEST|UNEXPECTED_MESSAGE|DECODE_ERROR/,
    "the server does not speak TLS on this port",
  ],
  [/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, "the server speaks no TLS version from 1.2 on"],
  [/^(ECONNRESET|EPIPE)$/, "the server ended the connection during the TLS handshake"],
];
