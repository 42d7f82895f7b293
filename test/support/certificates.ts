import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  certificateFile: string;
  keyFile: string;
  certificate: string;
  key: string;
}

export interface CertificateOptions {
  /** As in `subjectAltName`, such as `DNS:localhost,IP:127.0.0.1`. */
  names: string;
  expired?: boolean;
}

export interface Authority extends Certificate {
  /** A certificate signed by this authority. */
  issue(options: CertificateOptions): Certificate;
  /** A file of that text in the authority's folder. */
  write(name: string, text: string): string;
  /** Deletes the folder with all files. */
  remove(): void;
}

/** An authority of its own in a folder of its own, made by OpenSSL. */
export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "oai-serve-certificates-"));
  const path = (name: string) => join(folder, name);
  const openssl = (...options: string[]) => run(folder, options);
  const read = (name: string): Certificate => ({
    certificateFile: path(`${name}.pem`),
    keyFile: path(`${name}.key`),
    certificate: readFileSync(path(`${name}.pem`), "utf8"),
    key: readFileSync(path(`${name}.key`), "utf8"),
  });
  let issued = 0;

  openssl("req", "-x509", ...newKey("authority"), "-out", "authority.pem", "-subj", "/CN=Test authority");
  return {
    ...read("authority"),
    issue({ names, expired = false }) {
      const name = `issued-${issued++}`;
      writeFileSync(path(`${name}.ext`), `subjectAltName=${names}\n`);
      openssl("req", "-new", ...newKey(name), "-out", `${name}.csr`, "-subj", `/CN=${name}`);
      const from = [
        "-in",
        `${name}.csr`,
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
        "-CAcreateserial",
      ];
      const to = ["-out", `${name}.pem`, "-extfile", `${name}.ext`];
      openssl("x509", "-req", ...from, ...to, ...(expired ? past(openssl("version")) : ["-days", "30"]));
      return read(name);
    },
    write(name, text) {
      writeFileSync(path(name), text);
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function newKey(name: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
}

/** Later versions refuse a negative number of days, earlier ones know no dates. */
function past(version: string): string[] {
  const [, major = 0, minor = 0] = (/OpenSSL (\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const hasDates = major > 3 || (major === 3 && minor >= 4);
  return hasDates ? ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"] : ["-days", "-1"];
}

function run(folder: string, options: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...options], { cwd: folder });
  if (exitCode !== 0) throw new Error(`openssl ${options[0]} failed: ${stderr.toString()}`);
  return stdout.toString();
}
