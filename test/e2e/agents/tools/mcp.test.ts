import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { user } from "../../../support/openai-wire.ts";
import { describeBlackBox } from "../../../support/prerequisites.ts";
import {
  type HttpMcpServer,
  startLegacyServer,
  startModernServer,
} from "../../../support/mcp/http-servers.ts";
import { toolNamesOf } from "../upstream-body.ts";
import { callsIn, node7, startToolBed, type ToolBed } from "./bed.ts";

const stdioServer = join(import.meta.dir, "../../../support/mcp/stdio-server.ts");
const webKey = "mcp-canary-0123456789";
const add = { a: 2, b: 3 };

describeBlackBox("Tools of MCP servers", () => {
  let bed: ToolBed;
  let web: HttpMcpServer;
  let modern: Pick<HttpMcpServer, "url" | "stop">;
  beforeAll(async () => {
    web = await startLegacyServer();
    modern = startModernServer();
    const model = "gpt-4o-mini";
    bed = await startToolBed({
      config: {
        agents: {
          agent: { model, tools: ["files", "slow", "near", "web", "modern"] },
          adder: { model, tools: ["files.add"] },
          lost: { model, tools: ["absent"] },
          mistaken: { model, tools: ["files.subtract"] },
        },
        mcp_servers: {
          files: { command: "bin/server" },
          slow: { command: "./server", cwd: "bin", timeout: "300ms" },
          near: { command: "sh", args: ["./bin/server"], env: { OWN: "given" } },
          web: { url: web.url, headers: { Authorization: "Bearer ${env:WEB_KEY}" } },
          modern: { url: modern.url },
          absent: { command: "bin/absent" },
        },
      },
      files: {
        "bin/server": `#!/bin/sh\nexec ${process.execPath} ${stdioServer}\n`,
        server: `#!/bin/sh\nexec ${process.execPath} ${stdioServer}\n`,
      },
      args: "--log-content full --log-level debug",
      environment: { WEB_KEY: webKey, CANARY: "environment-canary" },
    });
  });
  afterAll(async () => {
    await bed.stop();
    web.stop();
    modern.stop();
  });

  const told = async (name: string, args: object = {}): Promise<string> => {
    const [result = ""] = await bed.ask({ name, arguments: args });
    return result;
  };

  for (const [server, what] of [
    ["files", "started by a path beside the configuration"],
    ["slow", "started in a folder of its own"],
    ["near", "started by name, with arguments beside the configuration"],
    ["web", "called over streamable HTTP with sessions"],
    ["modern", "called over the HTTP of the newest protocol"],
  ] as const) {
    test(`a server ${what} runs them`, async () => {
      expect(await told(`${server}__add`, add)).toBe("5");
    });
  }

  test("an agent may have one of a server alone", async () => {
    const calls = callsIn([{ name: "files__add", arguments: add }]);
    const answer = await node7()
      .connect(bed.url)
      .chat.completions.create({ model: "adder", ...user(calls) });

    expect(answer.choices[0]?.message.content).toBe('["5"]');
    expect(toolNamesOf(bed.upstream.calls.at(-1)?.body ?? {})).toEqual(["files__add"]);
  });

  test("many calls of one turn are told in their order", async () => {
    const calls = Array.from({ length: 40 }, (_, a) => ({ name: "files__add", arguments: { a, b: 1 } }));

    expect(await bed.ask(...calls)).toEqual(calls.map((_, a) => String(a + 1)));
  });

  test("what does not fit a schema is told before the server sees it", async () => {
    expect(await told("files__add", { a: 2 })).toStartWith(
      "Error: The arguments of files__add are not valid:",
    );
  });

  test("one that fails is told in its own words", async () => {
    expect(await told("files__fail")).toBe("Error: The disk is full.");
  });

  test("one that is too slow is told, and ended", async () => {
    expect(await told("slow__hang")).toBe("Error: No answer within 0.3 s.");
    expect(await told("slow__cancelled")).toBe("1");
  });

  test("one that runs when the client leaves is ended", async () => {
    const leaving = new AbortController();
    const seen = bed.program.output().length;
    const pending = node7()
      .connect(bed.url)
      .chat.completions.create(
        { model: "agent", ...user(callsIn([{ name: "files__hang" }])) },
        { signal: leaving.signal },
      )
      .catch((error: unknown) => String(error));
    await bed.program.line(/hanging/, seen);

    leaving.abort();
    const outcome = await pending;
    await bed.program.line(/✗ The client closed the connection/, seen);

    expect(outcome).toContain("abort");
    expect(await told("files__cancelled")).toBe("1");
  });

  test("a server gets no variables but its own and harmless ones", async () => {
    const variables = await told("near__environment");

    expect(JSON.parse(variables)).toMatchObject({ OWN: "given", PATH: expect.any(String) });
    expect(variables).not.toContain("OPENAI_API_KEY");
    expect(variables).not.toContain("environment-canary");
  });

  test("a server that ends in a call fails that call, and is started again for the next", async () => {
    expect(await told("files__exit")).toBe("Error: The tools of 'files' cannot be reached.");
    expect(await told("files__add", add)).toBe("5");
  });

  test("a server on the web that was started again is asked again", async () => {
    await told("web__add", add);
    web.forget();

    expect(await told("web__add", add)).toBe("5");
  });

  test("the operator's headers reach that server and nobody else", async () => {
    await told("web__add", add);

    expect(web.headers.map(({ authorization }) => authorization)).toContain(`Bearer ${webKey}`);
    expect(bed.log()).not.toContain(webKey);
    expect(JSON.stringify(bed.upstream.calls)).not.toContain(webKey);
  });

  describe("that are not there", () => {
    for (const [model, status, code, sentence] of [
      ["lost", 503, "tool_server_unavailable", "The tools of 'absent' cannot be reached."],
      ["mistaken", 503, "tool_not_found", "'files' has no tool 'subtract'."],
    ] as const) {
      for (const stream of [false, true]) {
        test(`fail the request to ${model}, stream ${stream}, and no other`, async () => {
          const { OpenAI, connect } = node7();
          const { completions } = connect(bed.url).chat;

          const failure = await completions
            .create({ model, ...user("hi"), stream })
            .then(() => undefined)
            .catch((error: unknown) => error);

          expect(failure).toBeInstanceOf(OpenAI.APIError);
          expect(failure).toMatchObject({ status, code });
          expect(String(failure)).toContain(sentence);
          expect(String(failure)).not.toContain(bed.folder);
          expect(await told("near__add", add)).toBe("5");
        });
      }
    }
  });
});
