import { describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { startAnyserve } from "../../support/anyserve/anyserve.ts";
import { runBinary } from "../../support/harness.ts";
import { describeBlackBox } from "../../support/prerequisites.ts";
import { pangram } from "./listed.ts";
import { kserve, shared, sharedServer } from "./running.ts";

/** Runs `probe`, and gives what a person reads, without what differs from run to run. */
async function probe(endpoint: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runBinary(["probe", endpoint, ...args]);
  const text = stdout
    .trimEnd()
    .replaceAll(endpoint, "SERVER")
    .replaceAll(/\d+\.\d\d s/g, "T s")
    .replaceAll(/\d+\+\d+ tokens/g, "N tokens");
  return { code, stderr, text, lines: text.split("\n") };
}

describeBlackBox("probe of a Triton server", () => {
  const server = sharedServer([
    { dialect: "generic", model: "qwen2" },
    { dialect: "embedding" },
    { dialect: "preprocessing" },
    { dialect: "generic", model: "coming", state: "LOADING" },
    { dialect: "generic", model: "broken", state: "UNAVAILABLE", reason: "no such file" },
  ]);

  test("says what it is and has, how each model is spoken to, why the others are not, and what one answers", async () => {
    const { code, stderr, text } = await probe(server().endpoint);

    expect(text).toBe(`✓ backend kserve (kserve at SERVER): ready
    model qwen2
    model embedding
✓ the server is triton 2.62.0
  qwen2
    dialect     generic
    inputs      prompt BYTES [1], max_tokens INT32 [1] optional, temperature FP32 [1] optional, stream BOOL [1] optional
    outputs     output BYTES [-1]
    template    qwen (by the model's name)
    tool calls  hermes
    reasoning   <think>
    sampling    max_tokens, temperature
  embedding
    dialect     generic
    inputs      text BYTES [1]
    outputs     embedding FP32 [16]
    embeddings  yes
  preprocessing is not served: its tensors are not those of a text model
  coming is not served: loading
  broken is not served: unavailable: no such file
✓ qwen2 answers "${pangram}" (N tokens, stop, T s)`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("tries the model that is named, and shows no other", async () => {
    const { code, text } = await probe(server().endpoint, "--model", "embedding");

    expect(text).toEndWith("✓ embedding makes embeddings of 16 numbers (T s)");
    expect(text).not.toContain("qwen2");
    expect(text).not.toContain("is not served");
    expect(code).toBe(0);
  });

  for (const [model, last] of [
    ["qwne2", "✗ SERVER has no model qwne2; did you mean qwen2?"],
    [
      "something-else",
      "✗ SERVER has no model something-else; it has qwen2, embedding, preprocessing, coming, broken",
    ],
    ["preprocessing", "✗ preprocessing is not served: its tensors are not those of a text model"],
    ["coming", "✗ coming is not served: loading"],
    ["broken", "✗ broken is not served: unavailable: no such file"],
  ] as const) {
    test(`says what is the matter with ${model}`, async () => {
      const { code, lines } = await probe(server().endpoint, "--model", model);

      expect(lines.at(-1)).toBe(last);
      expect(code).toBe(1);
    });
  }

  test("goes by the settings of flags and says so", async () => {
    const { text } = await probe(
      server().endpoint,
      "--model",
      "qwen2",
      "--dialect",
      "generic",
      "--chat-template",
      "llama3",
      "--tool-parser",
      "none",
    );

    expect(text).toContain("dialect     generic (configured)\n");
    expect(text).toContain("template    llama3\n");
    expect(text).toContain("tool calls  none\n");
  });

  test("passes on what the server says of a failure", async () => {
    await server().fault({ fail_after: 0, fail_text: "CUDA error: device lost" }, "qwen2");

    const { code, lines } = await probe(server().endpoint);
    await server().fault(undefined);

    expect(lines.at(-1)).toMatch(
      /^✗ qwen2 does not answer: The model server failed\..*CUDA error: device lost/,
    );
    expect(code).toBe(1);
  });

  test("takes its word that it is not ready only if none of its models is", async () => {
    await server().setReady(false);

    const { code } = await probe(server().endpoint, "--model", "qwen2");
    await server().setReady(true);

    expect(code).toBe(0);
  });

  test("check tells of each model of the configuration whether it is there, and if not why", async () => {
    const folder = mkdtempSync(join(tmpdir(), "oai-serve-check-"));
    const file = join(folder, "config.yaml");
    const models = {
      chat: { backend: "triton", target: "qwen2" },
      later: { backend: "triton", target: "coming" },
      tokens: { backend: "triton", target: "preprocessing" },
    };
    writeFileSync(file, JSON.stringify({ backends: { triton: kserve(server()) }, models }));

    const { code, stdout } = await runBinary(["check", "--config", file]);
    rmSync(folder, { recursive: true });

    expect(stdout).toContain("    model chat\n");
    expect(stdout).toMatch(
      /⚠ {3}model later: The model server does not have this model.*no available versions/,
    );
    expect(stdout).toMatch(/⚠ {3}model tokens: .*does not generate text/);
    expect(stdout).not.toContain("qwen2");
    expect(code).toBe(0);
  });
});

describeBlackBox("probe of other servers", () => {
  const mlserver = sharedServer([{ dialect: "mlserver" }]);
  const unlisted = {
    dynamo: sharedServer([{ dialect: "dynamo", model: "m" }]),
    "kserve-python": sharedServer([{ dialect: "kserve-python", model: "m" }]),
    ovms: sharedServer([{ dialect: "ovms", model: "m" }]),
  };
  const names = {
    dynamo: undefined,
    "kserve-python": "kserve 0.21.0",
    ovms: "OpenVINO Model Server 2025.4",
  };
  const anyserve = shared(
    () => startAnyserve({ echo: {} }),
    (running) => running.stop(),
  );

  test("MLServer", async () => {
    const { code, lines } = await probe(mlserver().endpoint);

    expect(lines).toContain("✓ the server is mlserver 1.7.1");
    expect(lines).toContain("    dialect     mlserver");
    expect(lines.at(-1)).toStartWith(`✓ text-model answers "${pangram}"`);
    expect(code).toBe(0);
  });

  test("AnyServe", async () => {
    const { code, lines } = await probe(anyserve().endpoint("echo"));

    expect(lines[1]).toBe("    model echo (also llamacpp; context of 2048 tokens)");
    expect(lines).toContain("✓ the server is anyserve-ingress 0.2.0");
    expect(lines).toContain("    tensors     the server does not describe them");
    expect(lines.at(-1)).toStartWith('✓ echo answers "Say hello."');
    expect(code).toBe(0);
  });

  test("one that is not ready", async () => {
    const server = unlisted["kserve-python"]();
    await server.setReady(false);

    const { code, text } = await probe(server.endpoint, "--model", "m");
    await server.setReady(true);

    expect(text).toBe(
      "✗ backend kserve (kserve at SERVER): not ready: The model server says that it is not ready.",
    );
    expect(code).toBe(1);
  });

  for (const dialect of ["dynamo", "kserve-python", "ovms"] as const) {
    const server = unlisted[dialect];
    test(`${dialect} does not list its models: it asks for a name`, async () => {
      const { code, lines } = await probe(server().endpoint);

      expect(lines.at(-1)).toBe("✗ SERVER does not list its models: name one with --model");
      if (names[dialect] !== undefined) expect(lines).toContain(`✓ the server is ${names[dialect]}`);
      expect(code).toBe(1);
    });

    test(`${dialect} answers under the name`, async () => {
      const { code, lines } = await probe(server().endpoint, "--model", "m");

      expect(lines).toContain(`    dialect     ${dialect === "kserve-python" ? "generic" : dialect}`);
      expect(lines.at(-1)).toStartWith(`✓ m answers "${pangram}"`);
      expect(code).toBe(0);
    });

    test(`${dialect} does not have another`, async () => {
      const { code, lines } = await probe(server().endpoint, "--model", "n");

      expect(lines.at(-1)).toMatch(
        /^✗ n does not answer: The model server does not have this model\..*NOT_FOUND/,
      );
      expect(code).toBe(1);
    });
  }
});

describeBlackBox("probe of what is no model server", () => {
  const http = listening(createServer((_request, response) => void response.end("hello")));
  const proxy = listening(
    createHttp2Server((_request, response) => {
      response.writeHead(404);
      response.end("no route");
    }),
  );

  const cases: readonly (readonly [what: string, endpoint: () => string, sentence: string])[] = [
    ["a port where nothing listens", () => "127.0.0.1:1", "nothing listens there (ECONNREFUSED)"],
    ["a name that does not exist", () => "tritno.invalid:8001", "the host's name cannot be resolved"],
    ["an HTTP server", http, "what answers there does not speak gRPC; is it the server's HTTP port?"],
    [
      "a proxy without a route",
      proxy,
      "What answers at the model server's address does not speak gRPC. GrpcError (12): UNIMPLEMENTED: Received HTTP status code 404",
    ],
  ];
  for (const [what, endpoint, sentence] of cases) {
    test(`says of ${what} that it is not one`, async () => {
      const { code, lines } = await probe(endpoint());

      expect(lines).toHaveLength(1);
      expect(lines[0]).toStartWith("✗ backend kserve (kserve at SERVER): not ready: ");
      expect(lines[0]).toEndWith(sentence);
      expect(code).toBe(1);
    });
  }

  describe("and of a command that is wrong", () => {
    for (const [what, args, sentence] of [
      ["no address", [], "probe needs the address of a model server, such as localhost:8001."],
      [
        "an address with a path",
        ["http://localhost:8000/v2"],
        '--kserve-endpoint: must be a host and a port, such as "localhost:8000"',
      ],
      ["two addresses", ["a:1", "b:2"], "unexpected argument 'b:2'"],
      ["an unknown flag", ["a:1", "--modle", "m"], "unknown flag --modle; did you mean --model?"],
      ["an unknown dialect", ["a:1", "--dialect", "vlm"], "--dialect: must be one of"],
    ] as const) {
      test(`${what}: 2`, async () => {
        const { code, stdout, stderr } = await runBinary(["probe", ...args]);

        expect(stderr).toStartWith("oai-serve: ");
        expect(stderr).toContain(sentence);
        expect(stdout).toBe("");
        expect(code).toBe(2);
      });
    }

    test("--help explains it", async () => {
      const { code, stdout } = await runBinary(["probe", "--help"]);

      expect(stdout).toStartWith("Usage: oai-serve probe <host:port> [options]");
      expect(stdout).toContain("--model <name>");
      expect(code).toBe(0);
    });
  });
});

function listening(server: Server | Http2Server): () => string {
  return shared(
    async () => {
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      return `127.0.0.1:${portOf(server.address())}`;
    },
    async () => void server.close(),
  );
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
