import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ConfigError } from "../../core/error.ts";
import type { Endpoint } from "./endpoint.ts";
import type { TlsOptions } from "./transport/tls-credentials.ts";

const file = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 4_096, description }));

/** `tls:` of a backend. */
export const TlsSetting = Type.Union(
  [
    Type.Boolean(),
    Type.Object(
      {
        ca_file: file(
          "PEM file of the authorities that sign the server's certificate, instead of the public ones.",
        ),
        cert_file: file("PEM file of our certificate, for a server that asks for one; with key_file."),
        key_file: file("PEM file of the private key of cert_file."),
        server_name: Type.Optional(
          Type.String({
            pattern: "^[A-Za-z0-9._:-]{1,253}$",
            expected: "a host name or an address",
            description: "Name that the server's certificate has, if not the endpoint's host.",
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ],
  {
    description:
      "TLS to the server: true, or with files of certificates. `grpcs://` before the endpoint is true.",
  },
);
export type TlsSetting = Static<typeof TlsSetting>;

/**
 * What `setting`, which stands at `path` of the configuration, and the endpoint's scheme say of TLS, with the files
 * read; undefined is no TLS. Throws `ConfigError` that names the setting and the file.
 */
export function loadTls(
  setting: TlsSetting | undefined,
  endpoint: Pick<Endpoint, "tls">,
  path: string,
): TlsOptions | undefined {
  if (setting === undefined) return endpoint.tls === true ? {} : undefined;
  if (endpoint.tls !== undefined && endpoint.tls !== (setting !== false)) {
    throw new ConfigError(
      `${path} contradicts the endpoint, which begins with ${endpoint.tls ? "grpcs" : "grpc"}://.`,
    );
  }
  if (setting === false) return undefined;
  if (setting === true) return {};
  const { ca_file: ca, cert_file: certificate, key_file: key, server_name: serverName } = setting;
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ConfigError(
      `${path}.${key === undefined ? "cert_file" : "key_file"} needs ${key === undefined ? "key_file" : "cert_file"} beside it.`,
    );
  }
  return {
    ...(ca === undefined ? {} : { ca: loadCertificates(ca, `${path}.ca_file`).pem }),
    ...(certificate === undefined || key === undefined ? {} : loadIdentity(certificate, key, path)),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function loadIdentity(
  certificateFile: string,
  keyFile: string,
  path: string,
): Required<Pick<TlsOptions, "certificate" | "key">> {
  const { pem: certificate, first } = loadCertificates(certificateFile, `${path}.cert_file`);
  const key = readPem(keyFile, `${path}.key_file`);
  if (!first.checkPrivateKey(parseKey(key, keyFile, `${path}.key_file`))) {
    throw new ConfigError(
      `${path}.key_file: the key in ${keyFile} does not belong to the certificate in ${certificateFile}.`,
    );
  }
  return { certificate, key };
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function loadCertificates(path: string, setting: string): { pem: string; first: X509Certificate } {
  const pem = readPem(path, setting);
  const blocks = pem.match(certificatePattern) ?? [];
  try {
    const [first] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return { pem, first };
  } catch (error) {
    throw new ConfigError(`${setting}: ${path} holds a certificate that cannot be read.`, { cause: error });
  }
  throw new ConfigError(`${setting}: ${path} holds no certificate in PEM form.`);
}

function parseKey(pem: string, path: string, setting: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) {
    throw new ConfigError(
      `${setting}: the key in ${path} is protected by a passphrase; give one that is not.`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new ConfigError(`${setting}: ${path} holds no private key in PEM form.`, { cause: error });
  }
}

const maxFileBytes = 4_194_304;

function readPem(path: string, setting: string): string {
  try {
    const { size } = statSync(path);
    if (size <= maxFileBytes) return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new ConfigError(`${setting}: ${path} cannot be read${reason}.`, { cause: error });
  }
  throw new ConfigError(`${setting}: ${path} is too large for a file of certificates.`);
}
