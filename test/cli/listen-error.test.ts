import { describe, expect, test } from "bun:test";
import { explainListenError, StartError } from "../../src/cli/listen-error.ts";

const place = (path: readonly string[]) => `a.yaml: ${path.join(".")}`;

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: listen`), { code });
}

describe("an address that cannot be listened on is named as it was given, with the way out", () => {
  const noAddress = "a.yaml: listen.host: h is neither an address of this machine nor a name of one.";
  const cases: readonly [string, number, string][] = [
    ["EADDRINUSE", 8080, "a.yaml: listen.port: port 8080 on h is in use; choose another."],
    ["EACCES", 80, "a.yaml: listen.port: port 80 needs more rights; choose one above 1023."],
    ["EACCES", 8080, "a.yaml: listen.port: the system does not allow port 8080 on h; choose another."],
    ["EADDRNOTAVAIL", 8080, noAddress],
    ["EINVAL", 8080, noAddress],
    ["ENOTFOUND", 8080, noAddress],
  ];
  for (const [code, port, message] of cases) {
    test(`${code} on ${port}`, () => {
      const cause = systemError(code);

      const explained = explainListenError(cause, { host: "h", port }, place);

      expect(explained).toEqual(new StartError(message, { cause }));
    });
  }
});

test("any other failure comes back as it is", () => {
  const error = systemError("EMFILE");

  expect(explainListenError(error, { host: "h", port: 1 }, place)).toBe(error);
});
