import { afterAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { ConfigError } from "../../../src/core/error.ts";
import { parseEndpoint } from "../../../src/drivers/kserve/endpoint.ts";
import { loadTls, TlsSetting } from "../../../src/drivers/kserve/tls.ts";
import { createAuthority } from "../../support/certificates.ts";

const authority = createAuthority();
afterAll(() => authority.remove());
const client = authority.issue({ names: "DNS:client" });
const other = authority.issue({ names: "DNS:other" });

const load = (setting: TlsSetting | undefined, endpoint = "gpu:8001") =>
  loadTls(setting, parseEndpoint(endpoint, "backends.gpu.endpoint"), "backends.gpu.tls");

describe("TLS is", () => {
  const settings: readonly [string, TlsSetting | undefined, string, object | undefined][] = [
    ["off when nothing says otherwise", undefined, "gpu:8001", undefined],
    ["off when the endpoint says so", undefined, "grpc://gpu:8001", undefined],
    ["off when it is false", false, "gpu:8001", undefined],
    ["on when the endpoint says so", undefined, "grpcs://gpu:8001", {}],
    ["on when it is true", true, "gpu:8001", {}],
    ["on when both say so", true, "grpcs://gpu:8001", {}],
    ["on with a name", { server_name: "a.example" }, "gpu:8001", { serverName: "a.example" }],
    [
      "on with an authority",
      { ca_file: authority.certificateFile },
      "gpu:8001",
      { ca: authority.certificate },
    ],
    [
      "on with a certificate of ours",
      { cert_file: client.certificateFile, key_file: client.keyFile },
      "gpu:8001",
      { certificate: client.certificate, key: client.key },
    ],
  ];
  for (const [what, setting, endpoint, expected] of settings) {
    test(what, () => {
      expect(load(setting, endpoint)).toEqual(expected);
    });
  }
});

describe("a setting that cannot work is an error that names it and its file:", () => {
  const text = authority.write("notes.txt", "not a certificate");
  const broken = authority.write(
    "broken.pem",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  );
  const locked = authority.write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
  const { certificateFile: cert, keyFile: key } = client;
  const faults: readonly [string, TlsSetting, RegExp][] = [
    [
      "no such file",
      { ca_file: "/nowhere/ca.pem" },
      /tls\.ca_file: \/nowhere\/ca\.pem cannot be read \(ENOENT\)\./,
    ],
    ["not PEM", { ca_file: text }, /tls\.ca_file: .*notes\.txt holds no certificate in PEM form\./],
    [
      "a damaged certificate",
      { ca_file: broken },
      /tls\.ca_file: .*broken\.pem holds a certificate that cannot/,
    ],
    ["a key instead", { ca_file: key }, /tls\.ca_file: .* holds no certificate in PEM form\./],
    ["no key", { cert_file: cert }, /tls\.cert_file needs key_file beside it\./],
    ["no certificate", { key_file: key }, /tls\.key_file needs cert_file beside it\./],
    ["not a key", { cert_file: cert, key_file: text }, /tls\.key_file: .*notes\.txt holds no private key/],
    ["a locked key", { cert_file: cert, key_file: locked }, /tls\.key_file: .* protected by a passphrase/],
    [
      "another's key",
      { cert_file: cert, key_file: other.keyFile },
      /tls\.key_file: the key in .* does not belong to/,
    ],
  ];
  for (const [what, setting, message] of faults) {
    test(what, () => {
      expect(() => load(setting)).toThrow(ConfigError);
      expect(() => load(setting)).toThrow(message);
      expect(() => load(setting)).toThrow(/^backends\.gpu\.tls/);
    });
  }

  test("TLS against an endpoint without, and the other way round", () => {
    expect(() => load(true, "grpc://gpu:8001")).toThrow("backends.gpu.tls contradicts the endpoint");
    expect(() => load(false, "grpcs://gpu:8001")).toThrow("backends.gpu.tls contradicts the endpoint");
  });
});

describe("the schema", () => {
  const documents: readonly [unknown, boolean][] = [
    [true, true],
    [{ ca_file: "ca.pem", cert_file: "c.pem", key_file: "k.pem", server_name: "a.example" }, true],
    [{ server_name: "a b" }, false],
    [{ insecure: true }, false],
    ["yes", false],
  ];
  for (const [document, valid] of documents) {
    test(`${valid ? "allows" : "refuses"} ${JSON.stringify(document)}`, () => {
      expect(Value.Check(TlsSetting, document)).toBe(valid);
    });
  }
});
