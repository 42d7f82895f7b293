import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SecureServerOptions } from "node:http2";
import { type Authority, type Certificate, createAuthority } from "../../support/certificates.ts";
import { expectError, expectNoBackendDetail } from "../../support/expectations.ts";
import { type FakeKserve, startFakeKserve } from "../../support/fake-kserve.ts";
import { runBinary, startGateway } from "../../support/harness.ts";
import { type LookAlike, startLookAlike } from "../../support/kserve/look-alike.ts";
import { chatText, type ChatChunk, user } from "../../support/openai-wire.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { post, postStream, send } from "../../support/wire.ts";
import { ask, listed, pangram, saidBy } from "./listed.ts";
import { gateways, shared } from "./running.ts";

const loopback = "DNS:localhost,IP:127.0.0.1";
const toFiles = ({ certificateFile, keyFile }: Certificate) => ({ cert: certificateFile, key: keyFile });
const ofClient = ({ certificateFile, keyFile }: Certificate) => ({
  cert_file: certificateFile,
  key_file: keyFile,
});
const stop = (server: LookAlike) => server.close();
const serve = (tls?: SecureServerOptions) => startFakeKserve((call) => call.end(12), 0, tls);
const toOptions = ({ certificate, key }: Certificate): SecureServerOptions => ({ cert: certificate, key });

describeBlackBox("Model servers behind TLS", () => {
  let authority: Authority;
  let stranger: Authority;
  let own: Certificate;
  let strange: Certificate;
  beforeAll(() => {
    authority = createAuthority();
    stranger = createAuthority();
    own = authority.issue({ names: "DNS:client" });
    strange = stranger.issue({ names: "DNS:client" });
  });
  afterAll(() => {
    authority.remove();
    stranger.remove();
  });
  const start = gateways();
  const secured = shared(
    () =>
      startLookAlike({ models: [{ dialect: "vllm" }], tls: toFiles(authority.issue({ names: loopback })) }),
    stop,
  );
  const mutual = shared(
    () =>
      startLookAlike({
        models: [{ dialect: "vllm" }],
        tls: { ...toFiles(authority.issue({ names: loopback })), clientCa: authority.certificateFile },
      }),
    stop,
  );
  const plain = shared(() => startLookAlike({ models: [{ dialect: "vllm" }] }), stop);
  const ca = () => authority.certificateFile;

  describe("are reached", () => {
    const ways: readonly (readonly [what: string, () => readonly string[]])[] = [
      ["by grpcs:// and a file of authorities", () => [`grpcs://${secured().endpoint}`, "--tls-ca", ca()]],
      ["by a name", () => [`grpcs://localhost:${secured().port}`, "--tls-ca", ca()]],
      ["by the flags alone", () => [secured().endpoint, "--tls", "--tls-ca", ca()]],
      [
        "with a client certificate",
        () => [
          mutual().endpoint,
          "--tls-ca",
          ca(),
          "--tls-cert",
          own.certificateFile,
          "--tls-key",
          own.keyFile,
        ],
      ],
    ];
    for (const [what, args] of ways) {
      test(what, async () => {
        const [endpoint = "", ...flags] = args();

        const probed = await runBinary(["probe", endpoint, ...flags]);

        expect(probed.stdout).toContain(`✓ vllm_model answers "${pangram}"`);
        expect(probed.code).toBe(0);
      });
    }

    test("by what a configuration says of each, streaming and not", async () => {
      const gateway = await start({
        config: {
          backends: {
            secured: { kind: "kserve", endpoint: `grpcs://${secured().endpoint}`, tls: { ca_file: ca() } },
            mutual: {
              kind: "kserve",
              endpoint: mutual().endpoint,
              tls: { ca_file: ca(), ...ofClient(own), server_name: "localhost" },
            },
            plain: { kind: "kserve", endpoint: `grpc://${plain().endpoint}` },
          },
          models: Object.fromEntries(
            ["secured", "mutual", "plain"].map((backend) => [backend, { backend, target: "vllm_model" }]),
          ),
        },
      });

      expect(await listed(gateway.url)).toEqual(["secured", "mutual", "plain"]);
      for (const model of ["secured", "mutual", "plain"]) {
        expect(saidBy(await ask(gateway.url, model))).toBe(pangram);
        const { chunks } = await postStream<ChatChunk>(`${gateway.url}/v1/chat/completions`, {
          model,
          ...user("Say something."),
        });
        expect(chatText(chunks)).toBe(pangram);
      }
    });
  });

  describe("have a stream endpoint with a scheme of its own", () => {
    const places: readonly (readonly [
      what: string,
      main: () => string,
      stream: () => string,
      streams: () => LookAlike,
    ])[] = [
      [
        "behind TLS beside a plain one",
        () => `grpc://${plain().endpoint}`,
        () => `grpcs://${secured().endpoint}`,
        secured,
      ],
      [
        "plain beside one behind TLS",
        () => `grpcs://${secured().endpoint}`,
        () => `grpc://${plain().endpoint}`,
        plain,
      ],
      [
        "none, so that it is as the other",
        () => `grpcs://${secured().endpoint}`,
        () => mutual().endpoint,
        mutual,
      ],
    ];
    for (const [what, main, stream, streams] of places) {
      test(what, async () => {
        const tls = { ca_file: ca(), ...ofClient(own) };
        const { url } = await start({
          config: {
            backends: { a: { kind: "kserve", endpoint: main(), stream_endpoint: stream(), tls } },
          },
        });
        await streams().reset();

        expect(saidBy(await ask(url, "vllm_model"))).toBe(pangram);

        expect(await streams().requests()).toHaveLength(1);
        expect((await send(`${url}/health`)).status).toBe(200);
      });
    }
  });

  describe("are not reached", () => {
    const fakes = shared(
      async () => {
        const good = toOptions(authority.issue({ names: loopback }));
        const [trusted, elsewhere, expired, clients, open] = await Promise.all([
          serve(good),
          serve(toOptions(authority.issue({ names: "DNS:models.example" }))),
          serve(toOptions(authority.issue({ names: loopback, expired: true }))),
          serve({ ...good, ca: authority.certificate, requestCert: true, rejectUnauthorized: true }),
          serve(),
        ]);
        return { trusted, elsewhere, expired, clients, open };
      },
      async (servers) => {
        await Promise.all(Object.values(servers).map((server) => server.close()));
      },
    );
    type Name = keyof ReturnType<typeof fakes>;
    /** By the name of a backend: the server, our side of TLS, and what the operator is told. */
    const refusals: Readonly<Record<string, readonly [Name, () => unknown, sentence: RegExp]>> = {
      unknown: [
        "trusted",
        () => ({ ca_file: stranger.certificateFile }),
        /signed by an authority that is not known here; tls\.ca_file names another/,
      ],
      public: ["trusted", () => true, /signed by an authority that is not known here/],
      elsewhere: [
        "elsewhere",
        () => ({ ca_file: ca() }),
        /not for the name "127\.0\.0\.1"; tls\.server_name says which name it has/,
      ],
      expired: ["expired", () => ({ ca_file: ca() }), /certificate has expired/],
      unproven: [
        "clients",
        () => ({ ca_file: ca() }),
        /wants a client certificate; tls\.cert_file and tls\.key_file name one/,
      ],
      refused: ["clients", () => ({ ca_file: ca(), ...ofClient(strange) }), /refused the client certificate/],
      "without-tls": ["open", () => ({ ca_file: ca() }), /does not speak TLS on this port/],
      "with-tls": ["trusted", () => undefined, /wants TLS; tls is not set for this backend/],
    };
    const configuration = () => ({
      backends: Object.fromEntries(
        Object.entries(refusals).map(([id, [name, tls]]) => {
          const server: FakeKserve = fakes()[name];
          const setting = tls();
          return [
            id,
            { kind: "kserve", endpoint: server.endpoint, ...(setting === undefined ? {} : { tls: setting }) },
          ];
        }),
      ),
      models: Object.fromEntries(Object.keys(refusals).map((id) => [id, { backend: id }])),
    });
    const gateway = shared(
      () => startGateway({ config: configuration() }),
      (running) => running.stop(),
    );

    test("check says why of each, and ends with 1", async () => {
      const file = authority.write("config.yaml", JSON.stringify(configuration()));

      const { code, stdout } = await runBinary(["check", "--config", file]);

      expect(code).toBe(1);
      for (const [id, [, , sentence]] of Object.entries(refusals)) {
        const line = stdout.split("\n").find((each) => each.includes(`✗ backend ${id} `));
        expect(line).toMatch(sentence);
      }
    });

    for (const id of ["unknown", "expired", "without-tls", "with-tls"]) {
      test(`probe says why, ${id}, and ends with 1`, async () => {
        const [name = "open", , sentence = /^$/] = refusals[id] ?? [];
        const authorities = id === "unknown" ? stranger.certificateFile : ca();
        const flags = id === "with-tls" ? [] : ["--tls-ca", authorities];

        const { code, stdout } = await runBinary(["probe", fakes()[name].endpoint, ...flags]);

        expect(stdout).toMatch(sentence);
        expect(code).toBe(1);
      });
    }

    for (const id of Object.keys(refusals)) {
      test(`a client is told nothing of it, ${id}: 503`, async () => {
        for (const stream of [false, true]) {
          const answer = await post(`${gateway().url}/v1/chat/completions`, {
            model: id,
            stream,
            ...user("hi"),
          });

          expectError(answer, { status: 503, code: "upstream_unavailable" });
          expectNoBackendDetail(answer.text);
          expect(answer.text).not.toMatch(/certificate|TLS|\.pem|oai-serve-certificates/i);
        }
      });
    }
  });

  test("a file that is not there ends check, probe and the start with 2 and its name", async () => {
    const flags = ["--tls-ca", "/nowhere/authorities.pem"];
    const outcomes = await Promise.all([
      runBinary(["check", "--kserve-endpoint", plain().endpoint, ...flags]),
      runBinary(["probe", plain().endpoint, ...flags]),
      runBinary(["--port", "0", "--kserve-endpoint", plain().endpoint, ...flags]),
    ]);

    for (const { code, stderr } of outcomes) {
      expect(code).toBe(2);
      expect(stderr).toMatch(/--tls-ca: .*\/nowhere\/authorities\.pem cannot be read \(ENOENT\)/);
    }
  });
});
