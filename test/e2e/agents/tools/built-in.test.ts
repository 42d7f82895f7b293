import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { nodeGenerations } from "../../../support/clients/node.ts";
import { pythonGenerations, startPython } from "../../../support/clients/python.ts";
import { type ChatBody, user } from "../../../support/openai-wire.ts";
import { describeBlackBox } from "../../../support/prerequisites.ts";
import { callsIn, startToolBed, type ToolBed } from "./bed.ts";
import { redirect, say, type Site, startSite } from "./site.ts";

const siteKey = "operator-canary-0123456789";
const sum = { name: "calculator", arguments: { expression: "0.1 + 0.2" } };

describeBlackBox("Built-in tools of an agent in YAML", () => {
  let bed: ToolBed;
  let site: Site;
  let other: Site;
  beforeAll(async () => {
    other = await startSite(({ headers }, response) => say(response, JSON.stringify(headers)));
    site = await startSite(({ path, headers }, response) => {
      if (path === "/page") say(response, "a page");
      else if (path === "/echo") say(response, JSON.stringify(headers));
      else if (path === "/onward") redirect(response, `${other.url}/echo`);
      else if (path === "/away") redirect(response, `http://localhost:${site.port}/refused`);
      else if (path === "/metadata") redirect(response, "http://169.254.169.254/latest/meta-data/");
    });
    bed = await startToolBed({
      config: {
        agents: {
          agent: {
            model: "gpt-4o-mini",
            tools: ["calculator", "current_time", "json_validator", "http_request", "file_read"],
          },
        },
        tools: {
          http_request: {
            allow_hosts: ["169.254.169.254", "localhost.example"],
            allow_private_hosts: [site.host, other.host],
            host_headers: { [site.host]: { Authorization: "Bearer ${env:SITE_KEY}" } },
            timeout: "500ms",
          },
          file_read: { root: "./data" },
        },
      },
      files: { "data/notes.txt": "The meeting is on Tuesday.", "secret.txt": "canary-outside" },
      args: "--log-content full --log-level debug",
      environment: { SITE_KEY: siteKey },
    });
    symlinkSync("../secret.txt", join(bed.folder, "data/link.txt"));
    symlinkSync("..", join(bed.folder, "data/up"));
  });
  afterAll(async () => {
    await bed.stop();
    site.close();
    other.close();
  });

  const told = async (name: string, args: unknown): Promise<string> => {
    const [result = ""] = await bed.ask({ name, arguments: args });
    return result;
  };

  describe("calculator and current_time", () => {
    test("calculate exactly", async () => {
      expect(await bed.ask(sum)).toEqual(["0.3"]);
    });

    test("know the time here and there", async () => {
      const before = Math.floor(Date.now() / 1_000);

      const [utc, kathmandu] = await Promise.all([
        told("current_time", {}),
        told("current_time", { timezone: "Asia/Kathmandu" }),
      ]);

      expect(JSON.parse(utc).unix).toBeGreaterThanOrEqual(before);
      expect(JSON.parse(utc).time).toEndWith("+00:00");
      expect(JSON.parse(kathmandu).time).toEndWith("+05:45");
    });
  });

  describe("json_validator", () => {
    const schema = { type: "object", required: ["a"], properties: { a: { type: "integer" } } };
    const cases: readonly [what: string, args: object, result: object][] = [
      ["JSON", { json: '{"a": 1}' }, { valid: true }],
      ["what is none", { json: '{"a": }' }, { valid: false, line: 1, column: 7 }],
      ["what fits a schema", { json: '{"a": 1}', schema }, { valid: true }],
      ["what does not", { json: '{"a": "x"}', schema }, { valid: false, path: "a" }],
    ];
    for (const [what, args, result] of cases) {
      test(`tells ${what}`, async () => {
        expect(JSON.parse(await told("json_validator", args))).toMatchObject(result);
      });
    }
  });

  describe("http_request", () => {
    test("calls a private host that is allowed", async () => {
      expect(JSON.parse(await told("http_request", { url: `${site.url}/page` }))).toEqual({
        status: 200,
        headers: { "content-type": "text/plain" },
        body: "a page",
      });
    });

    const refusals: readonly [what: string, url: () => string, problem: string][] = [
      [
        "a host that is not allowed",
        () => `http://localhost:${site.port}/refused`,
        "of a host that is not allowed",
      ],
      [
        "an allowed host at a private address",
        () => "http://169.254.169.254/",
        "of a private network or a local one",
      ],
      ["a redirect to a host that is not allowed", () => `${site.url}/away`, "of a host that is not allowed"],
      [
        "a redirect to a private address",
        () => `${site.url}/metadata`,
        "of a private network or a local one",
      ],
      ["what is no web address", () => "file:///etc/passwd", "must begin with http:// or https://"],
      ["who does not answer in time", () => `${site.url}/silent`, "did not answer in time"],
    ];
    for (const [what, url, problem] of refusals) {
      test(`does not follow ${what}`, async () => {
        const result = await told("http_request", { url: url() });

        expect(result).toStartWith("Error: The address ");
        expect(result).toContain(problem);
        expect(site.requests.map(({ path }) => path)).not.toContain("/refused");
      });
    }

    test("sends the operator's header to its host, and shows it to nobody", async () => {
      const [result = ""] = await bed.ask({
        name: "http_request",
        arguments: { url: `${site.url}/echo`, headers: { Authorization: "the model's own" } },
      });

      expect(site.requests.at(-1)?.headers.authorization).toBe(`Bearer ${siteKey}`);
      expect(JSON.parse(JSON.parse(result).body).authorization).toBe("***");
      expect(bed.log()).toContain("http_request");
      expect(bed.log()).not.toContain(siteKey);
      expect(JSON.stringify(bed.upstream.calls)).not.toContain(siteKey);
    });

    test("takes it along to no other host", async () => {
      const result = await told("http_request", {
        url: `${site.url}/onward`,
        headers: { "X-Api-Key": "of-the-model", "X-Plain": "stays" },
      });

      expect(JSON.parse(result).status).toBe(200);
      const { headers } = other.requests.at(-1) ?? {};
      expect(headers?.["x-plain"]).toBe("stays");
      expect(headers?.authorization).toBeUndefined();
      expect(headers?.["x-api-key"]).toBeUndefined();
    });
  });

  describe("file_read", () => {
    test("reads files of a folder beside the configuration", async () => {
      expect(await told("file_read", { path: "notes.txt" })).toBe("The meeting is on Tuesday.");
    });

    for (const path of [
      "../secret.txt",
      "./../secret.txt",
      "up/secret.txt",
      "link.txt",
      "/etc/passwd",
      "..%2fsecret.txt",
      "~/secret.txt",
    ]) {
      test(`reads nothing at ${path}`, async () => {
        const result = await told("file_read", { path });

        expect(result).toStartWith("Error: ");
        expect(result).not.toContain("canary-outside");
        expect(result).not.toContain(bed.folder);
      });
    }
  });

  describe("with other clients", () => {
    const body = { model: "agent", ...user(callsIn([sum])) };

    for (const { name, connect } of nodeGenerations) {
      for (const stream of [false, true]) {
        test(`${name}, stream ${stream}`, async () => {
          const { completions } = connect(bed.url).chat;

          const answer = stream
            ? await completions.stream(body).finalChatCompletion()
            : await completions.create(body);

          expect(answer.choices[0]).toMatchObject({ message: { content: '["0.3"]' }, finish_reason: "stop" });
          expect(answer.choices[0]?.message.tool_calls ?? []).toEqual([]);
        });
      }
    }

    for (const generation of pythonGenerations) {
      test(`openai-python ${generation}`, async () => {
        const client = await startPython(generation);
        const call = { baseUrl: bed.url, call: "chat.completions.create", arguments: body };
        const answer = await client.run<ChatBody>(call);
        await client.stop();

        expect(answer.choices[0]).toMatchObject({ message: { content: '["0.3"]' }, finish_reason: "stop" });
      });
    }
  });
});

describeBlackBox("Built-in tools that nobody has set up", () => {
  let bed: ToolBed;
  beforeAll(async () => {
    bed = await startToolBed({
      config: { agents: { agent: { model: "gpt-4o-mini", tools: ["http_request", "file_read"] } } },
    });
  });
  afterAll(() => bed.stop());

  for (const [name, args, setting] of [
    ["http_request", { url: "http://example.com/" }, "tools.http_request.allow_hosts"],
    ["file_read", { path: "a.txt" }, "tools.file_read.root"],
  ] as const) {
    test(`${name} reaches nothing and says what is to be set`, async () => {
      const [result] = await bed.ask({ name, arguments: args });

      expect(result).toStartWith("Error: No ");
      expect(result).toContain(setting);
    });
  }
});
