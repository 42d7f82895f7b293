import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";
import { createStore } from "../src/store/create-store.ts";
import { memoryLog } from "./support/calls.ts";
import { childLines } from "./support/child-lines.ts";
import { runToEnd, startServer, type Running } from "./support/oai-serve.ts";

/** Asks the demo model for a long answer and resolves with the stream once its first bytes are there. */
async function startStream({ url }: Running) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "hello" }] }),
  });
  const reader = (response.body ?? new ReadableStream()).getReader();
  const first = await reader.read();
  const decoder = new TextDecoder();
  const rest = async () => {
    let text = decoder.decode(first.value, { stream: true });
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
    }
    return text;
  };
  return { rest: rest() };
}

test("the version and the help go to standard output", async () => {
  const [versionRun, help] = await Promise.all([runToEnd(["--version"]), runToEnd(["--help"])]);

  expect(versionRun).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const group of [
    "Backend:",
    "Agents:",
    "Models:",
    "Server:",
    "Access:",
    "Times:",
    "Log:",
    "Files:",
    "Commands:",
  ]) {
    expect(help.stdout).toContain(`\n${group}\n`);
  }
});

describe("a mistake is one message on standard error and exit code 2", () => {
  const mistakes: readonly [string, readonly string[], Readonly<Record<string, string>>, string][] = [
    ["a flag", ["--prot", "80"], {}, "oai-serve: unknown flag --prot; did you mean --port?\n"],
    ["a value", ["--port", "x"], {}, "oai-serve: --port: must be an integer from 0 to 65535.\n"],
    ["a command", ["chekc"], {}, "oai-serve: unexpected argument 'chekc'; did you mean check?\n"],
    [
      "a variable",
      [],
      { OAI_SERVE_MAX_BODY: "lots" },
      "oai-serve: OAI_SERVE_MAX_BODY: must be a size from 1KiB to 1GiB, such as 32MiB or 10MB.\n",
    ],
    [
      "a file",
      ["--config", "/nope.yaml"],
      {},
      "oai-serve: --config: cannot read /nope.yaml (no such file).\n",
    ],
    [
      "an endpoint",
      ["--anyserve-endpoint", "http://localhost:8000"],
      {},
      'oai-serve: --anyserve-endpoint: must be a host and a port, such as "localhost:8000" or "grpcs://localhost:8000", ' +
        'without "http://" or a path.\n',
    ],
  ];
  for (const [name, args, environment, stderr] of mistakes) {
    test(name, async () => {
      const ended = await runToEnd(args, { environment });

      expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 2, stderr });
      expect(ended.stdout).toBe("");
    });
  }
});

test("the start is told line by line", async () => {
  await using server = await startServer();

  const lines = server.output().trimEnd().split("\n");
  const { url } = server;
  expect(lines.map((line) => line.replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] /, ""))).toEqual([
    `[INFO] Starting oai-serve ${version} ...`,
    "[INFO] ✓ Backend: demo (demo)",
    `[INFO] ✓ Server started on ${url}`,
    `[INFO] ✓ Endpoint: ${url}/v1/chat/completions`,
    `[INFO] ✓ Docs: ${url}/docs`,
  ]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test("JSON lines are JSON, every one", async () => {
  await using server = await startServer(["--log-format", "json", "--host", "localhost"]);

  const lines: unknown[] = server
    .output()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ level: "info", message: `Starting oai-serve ${version} ...` });
});

test("a port that is taken is named as it was given, with the way out", async () => {
  await using holder = await startServer();
  const { port } = new URL(holder.url);

  const ended = await runToEnd([], { environment: { OAI_SERVE_PORT: port } });

  expect({ code: ended.code, stderr: ended.stderr }).toEqual({
    code: 1,
    stderr: `oai-serve: OAI_SERVE_PORT: port ${port} on 127.0.0.1 is in use; choose another.\n`,
  });
});

for (const host of ["192.0.2.1", "nosuchhost.invalid", "::g"]) {
  test(`an address that is not ours is named: ${host}`, async () => {
    const ended = await runToEnd(["--host", host, "--port", "0"]);

    expect({ code: ended.code, stderr: ended.stderr }).toEqual({
      code: 1,
      stderr: `oai-serve: --host: ${host} is neither an address of this machine nor a name of one.\n`,
    });
  });
}

test("a server that is switched off says so and exits in peace", async () => {
  const ended = await runToEnd([], { environment: { OPENAI_COMPAT_ENABLE: "false" } });

  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(ended.stdout).toContain("Not started: OPENAI_COMPAT_ENABLE is false");
});

test("a configuration file and an environment file work together", async () => {
  const directory = mkdtempSync(join(tmpdir(), "oai-serve-main-"));
  writeFileSync(
    join(directory, "a.yaml"),
    'auth: { keys: ["${env:TEAM_KEY}"] }\nmodels: { fast: { backend: demo } }\n',
  );
  writeFileSync(join(directory, "b.env"), "TEAM_KEY=team-key-1\nOAI_SERVE_DEFAULT_MODEL=fast\n");
  try {
    await using server = await startServer(["--config", "a.yaml", "--env-file", "b.env"], { directory });

    const [stranger, member] = await Promise.all([
      fetch(`${server.url}/v1/models`),
      fetch(`${server.url}/v1/models`, { headers: { authorization: "Bearer team-key-1" } }),
    ]);

    expect([stranger.status, member.status]).toEqual([401, 200]);
    expect(server.output()).toContain("Config: a.yaml");
    expect(server.output()).not.toContain("team-key-1");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe("check", () => {
  test("tells what a good configuration serves", async () => {
    expect(await runToEnd(["check"])).toEqual({
      code: 0,
      stdout: "✓ configuration is valid\n✓ backend demo (demo): ready\n    model demo\n✓ store: in memory\n",
      stderr: "",
    });
  });

  test("fails when a backend is not there", async () => {
    const ended = await runToEnd(["check", "--anyserve-endpoint", "127.0.0.1:1"]);

    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("✗ backend anyserve (kserve at 127.0.0.1:1): not ready");
  });
});

describe("agents", () => {
  const weave = `version: "1.0"

agents:
  researcher:
    model: "gemini-2.5-flash"
    tools:
      - http_request
    config:
      temperature: 0.7
      max_tokens: 1000
`;
  const agentFile = `import { defineAgent } from "oai-serve";
export default defineAgent({ name: "echo", run: ({ userQuery }) => "You said: " + userQuery });
`;
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "oai-serve-agents-"));
    writeFileSync(join(directory, ".agent.yaml"), weave);
    writeFileSync(join(directory, "echo.ts"), agentFile);
    writeFileSync(join(directory, "keys.env"), "GEMINI_API_KEY=no-real-key\n");
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  for (const command of ["agents", "plugins"]) {
    test(`${command} lists those of the working directory and of files`, async () => {
      const ended = await runToEnd([command, "--agent", "echo.ts"], { directory });

      expect(ended).toEqual({
        code: 0,
        stdout:
          "researcher\n  model   gemini-2.5-flash\n  tools   http_request\n" +
          `echo\n  file    ${join(directory, "echo.ts")}\n`,
        stderr: "",
      });
    });
  }

  test("one can be run under its own name, with the key of its provider in a file", async () => {
    const args = ["run", "agent", "researcher", "--openai-mode", "--host", "127.0.0.1"];

    await using server = await startServer([...args, "--env-file", "keys.env", "--store", "memory:"], {
      directory,
    });

    const { url } = server;
    const lines = server.output().trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] /, ""))).toEqual([
      `[INFO] Starting oai-serve ${version} ...`,
      "[INFO] Agent: researcher",
      "[INFO] Config: .agent.yaml",
      "[INFO] ✓ Loaded agent: researcher",
      "[INFO] ✓ Model: gemini-2.5-flash",
      `[INFO] ✓ Server started on ${url}`,
      `[INFO] ✓ Endpoint: ${url}/v1/chat/completions`,
      `[INFO] ✓ Docs: ${url}/docs`,
    ]);
    const models = await fetch(`${url}/v1/models`);
    expect(await models.json()).toMatchObject({ data: [{ id: "researcher" }] });
  });

  test("one that is not there is answered with those that are", async () => {
    const [ofConfig, ofFiles] = await Promise.all([
      runToEnd(["run", "agent", "x"], { directory }),
      runToEnd(["run", "agent", "x", "--agent", "echo.ts", "--env-file", "keys.env"], { directory }),
    ]);

    expect(ofConfig).toEqual({
      code: 2,
      stdout: "",
      stderr: "oai-serve: Agent 'x' not found. Available: researcher\n",
    });
    expect(ofFiles).toMatchObject({ code: 2 });
    expect(ofFiles.stderr).toContain("Agent 'x' not found. Available: researcher, echo");
  });

  test("are served from a file without anything else", async () => {
    await using server = await startServer(["--agent", "echo.ts", "--store", "memory:"], { directory });

    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: "hello" }] }),
    });

    expect(await response.json()).toMatchObject({
      model: "echo",
      choices: [{ message: { content: "You said: hello" } }],
    });
  });

  test("are checked, each with its model", async () => {
    const yaml = "backends: { demo: { kind: demo } }\nagents: { a: { model: demo }, b: { model: dema } }\n";
    writeFileSync(join(directory, "check.yaml"), yaml);

    const ended = await runToEnd(["check", "--config", "check.yaml", "--store", "memory:"], { directory });

    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("✓ agent a (demo)\n");
    expect(ended.stdout).toContain(
      "✗ agent b (dema): no backend lists this model, and no known provider has it; did you mean demo?\n",
    );
  });

  test("have types for an editor", async () => {
    const { code, stdout } = await runToEnd(["types"]);

    expect(code).toBe(0);
    expect(stdout).toContain('declare module "oai-serve"');
  });

  test("leave conversations that can be looked at", async () => {
    const url = `sqlite:${join(directory, "a.db")}`;
    const store = createStore(url, memoryLog());
    await store.open();
    await store.close();

    const ended = await runToEnd(["conversations", "list", "--store", url]);

    expect(ended).toEqual({ code: 0, stdout: "There are no conversations.\n", stderr: "" });
  });

  test("keep what the looking command's own configuration would let expire", async () => {
    const url = `sqlite:${join(directory, "b.db")}`;
    const store = createStore(url, memoryLog(), { now: () => 1 });
    const key = { collection: "conversation", owner: "", id: "c1" } as const;
    await store.records.write([{ kind: "put", key, labels: { model: "crew" }, expectedVersion: 0 }]);
    await store.close();
    const look = (...args: string[]) => runToEnd(["conversations", ...args, "--store", url]);

    const listed = [await look("list"), await look("list")];
    const shown = await look("show", "c1");

    for (const { stdout } of listed) expect(stdout).toBe("1970-01-01T00:00:00Z  c1  crew  items=0\n");
    expect(shown.code).toBe(0);
  });

  test("leave conversations in memory to the server", async () => {
    const ended = await runToEnd(["conversations", "list", "--store", "memory:"]);

    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining("belong to the running server") });
  });
});

test("schema prints JSON", async () => {
  const { code, stdout } = await runToEnd(["schema"]);

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ type: "object", additionalProperties: false });
});

describe("a signal", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} lets a running stream end, then exits with 0`, async () => {
      await using server = await startServer(["--demo-delay", "5ms"]);
      const stream = await startStream(server);

      server.signal(signal);

      expect(await stream.rest).toEndWith("data: [DONE]\n\n");
      expect(await server.exited).toBe(0);
    });
  }

  test("SIGHUP does the same where there is no file to read again, however often it comes", async () => {
    await using server = await startServer(["--demo-delay", "5ms"]);
    const stream = await startStream(server);

    process.kill(server.pid, "SIGHUP");
    await server.line(/Stopping: SIGHUP \(there is no file to read again\)/);
    process.kill(server.pid, "SIGHUP");

    expect(await stream.rest).toEndWith("data: [DONE]\n\n");
    expect(await server.exited).toBe(0);
  });

  test("cancels what outlives the grace, with an error frame", async () => {
    await using server = await startServer(["--demo-delay", "1s", "--shutdown-grace", "50ms"]);
    const stream = await startStream(server);

    server.signal("SIGTERM");

    expect(await stream.rest).toContain('"error"');
    expect(await server.exited).toBe(0);
  });

  test("reports not ready and serves on during the delay", async () => {
    await using server = await startServer(["--shutdown-delay", "1s"]);

    server.signal("SIGTERM");
    await server.line(/Stopping: SIGTERM/);
    const [ready, live] = await Promise.all([fetch(`${server.url}/ready`), fetch(`${server.url}/live`)]);

    expect([ready.status, live.status]).toEqual([503, 200]);
    expect(await server.exited).toBe(0);
  });

  test("that comes twice ends everything at once with 1", async () => {
    await using server = await startServer(["--demo-delay", "1s"]);
    const { rest } = await startStream(server);
    const ending = rest.catch(() => "cut");

    server.signal("SIGTERM");
    await server.line(/Stopping: SIGTERM/);
    server.signal("SIGTERM");

    expect(await server.exited).toBe(1);
    expect(await ending).not.toContain("[DONE]");
  });
});

describe("a failure that nobody caught", () => {
  const failures: readonly [string, string][] = [
    ["an exception", 'throw new Error("injected");'],
    ["a rejection", 'void Promise.reject(new Error("injected"));'],
  ];
  for (const [name, statement] of failures) {
    test(`${name} is logged, lets running streams end and exits with 1`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "oai-serve-failure-"));
      const preload = join(directory, "preload.ts");
      writeFileSync(preload, `process.on("SIGUSR2", () => { ${statement} });`);
      try {
        await using server = await startServer(["--demo-delay", "5ms"], {
          environment: { BUN_OPTIONS: `--preload ${preload}` },
        });
        const stream = await startStream(server);

        server.signal("SIGUSR2");

        expect(await server.line(/✗ Unexpected failure/)).toContain("Error: injected");
        expect(await stream.rest).toEndWith("data: [DONE]\n\n");
        expect(await server.exited).toBe(1);
        expect(server.output()).toContain("⚠ BUN_OPTIONS is set");
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});

describe("probe", () => {
  test("fails when there is no server, and says which it asked", async () => {
    const ended = await runToEnd(["probe", "127.0.0.1:1"]);

    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("✗ backend kserve (kserve at 127.0.0.1:1): not ready");
  });

  test("asks the server that it is told, whatever else is configured", async () => {
    const environment = { OAI_SERVE_ANYSERVE_ENDPOINT: "127.0.0.1:2", OAI_SERVE_MODEL: "m" };

    const ended = await runToEnd(["probe", "--model", "llama", "127.0.0.1:1"], { environment });

    expect(ended.stdout).toContain("127.0.0.1:1");
    expect(ended.stdout).not.toContain("127.0.0.1:2");
  });
});

const python = Bun.which("python3");

function monotonicSeconds(interpreter: string): number {
  const { stdout } = Bun.spawnSync([interpreter, "-c", "import time; print(time.monotonic())"]);
  return Number(stdout.toString());
}

test.skipIf(process.platform !== "linux" || python === null)(
  "systemd hears when it is ready, reloads and stops",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "oai-serve-notify-"));
    const socket = join(directory, "notify");
    const receiver = [
      "import socket, sys",
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
      "s.bind(sys.argv[1])",
      "print('bound', flush=True)",
      "for _ in range(4): print(repr(s.recv(100).decode()), flush=True)",
    ].join("\n");
    const child = Bun.spawn([python ?? "", "-c", receiver, socket], { stdout: "pipe" });
    const states = childLines(child.stdout);
    try {
      expect((await states.next()).value).toBe("bound");
      await using server = await startServer([], { environment: { NOTIFY_SOCKET: socket } });

      expect((await states.next()).value).toBe("'READY=1'");
      process.kill(server.pid, "SIGHUP");
      const reloading = (await states.next()).value ?? "";
      expect((await states.next()).value).toBe("'READY=1'");
      server.signal("SIGTERM");
      expect((await states.next()).value).toBe("'STOPPING=1'");
      expect(reloading).toMatch(/^'RELOADING=1\\nMONOTONIC_USEC=\d+'$/);
      const reloadedAt = Number(/\d+'$/.exec(reloading)?.[0].slice(0, -1)) / 1e6;
      expect(Math.abs(reloadedAt - monotonicSeconds(python ?? ""))).toBeLessThan(60);
      expect(await server.exited).toBe(0);
    } finally {
      child.kill();
      rmSync(directory, { recursive: true });
    }
  },
);
