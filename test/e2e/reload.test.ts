import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBedWith, type Bed } from "../conformance/bed.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../support/harness.ts";
import { extent } from "../support/long.ts";
import type { ChatBody, ChatChunk } from "../support/openai-wire.ts";
import { chatText, user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { until } from "../support/sources.ts";
import { parseEvents, post, postStream, send } from "../support/wire.ts";

type Content = Readonly<Record<string, unknown>>;

const demo = { demo: { kind: "demo", delay_ms: 1 } };
const mebibyte = 1_048_576;

/** Writes the configuration file anew and asks for a reload; resolves once the log says how it ended. */
async function reload(gateway: Gateway, content: Content | string): Promise<void> {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(gateway.directory, "config.yaml"), text);
  await signalReload(gateway);
}

async function signalReload(gateway: Gateway): Promise<void> {
  const endings = () => gateway.log().match(/Configuration reloaded|was not reloaded/g)?.length ?? 0;
  const before = endings();
  process.kill(gateway.pid, "SIGHUP");
  await until(() => endings() > before, 20_000);
}

async function modelIds(url: string, headers: Record<string, string> = {}): Promise<readonly string[]> {
  const { json } = await send<{ data: { id: string }[] }>(`${url}/v1/models`, { headers });
  return json.data.map(({ id }) => id);
}

describeBlackBox("SIGHUP with a model server", () => {
  let bed: Bed;
  afterEach(() => bed.stop());

  test("what runs is finished where it began, what comes goes to the new configuration", async () => {
    bed = await startBedWith({ gated: {}, echo: {} });
    const { gateway, anyserve } = bed;
    await anyserve.release("gated", 1);
    const stream = fetch(`${bed.url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "gated", stream: true, ...user("a b c") }),
    }).then((response) => response.text());
    await anyserve.waitFor({ backend: "gated" }, { messages: 1 });

    await reload(gateway, {
      backends: { other: { kind: "kserve", endpoint: anyserve.endpoint("echo"), dialect: "anyserve" } },
      models: { second: { backend: "other" } },
    });
    const [old, fresh] = await Promise.all(
      ["gated", "second"].map((model) =>
        post<ChatBody>(`${bed.url}/chat/completions`, { model, ...user("x y") }),
      ),
    );
    await anyserve.release("gated", 5);

    expect(chatText(parseEvents<ChatChunk>(await stream).chunks)).toBe("a b c");
    expect(old?.status).toBe(404);
    expect(fresh?.json.choices[0]?.message.content).toBe("x y");
    expect(await modelIds(gateway.url)).toEqual(["second"]);
  });

  test("SIGTERM still waits for what began before", async () => {
    bed = await startBedWith({ gated: {} });
    const { gateway, anyserve } = bed;
    const answer = post<ChatBody>(`${bed.url}/chat/completions`, { model: "gated", ...user("a b") });
    await anyserve.waitFor({ backend: "gated", outcome: "running" });

    await reload(gateway, { backends: demo });
    gateway.signal("SIGTERM");
    await until(() => gateway.log().includes("Stopping: SIGTERM"));
    await anyserve.release("gated", 5);

    expect((await answer).json.choices[0]?.message.content).toBe("a b");
    expect(await gateway.exited).toBe(0);
  });
});

describeBlackBox("SIGHUP", () => {
  let gateway: Gateway;
  const start = async (options: GatewayOptions) => {
    gateway = await startGateway(options);
  };
  afterEach(() => gateway.stop());

  const ask = (headers: Record<string, string> = {}) =>
    post<ChatBody>(`${gateway.url}/v1/chat/completions`, { ...user("hi"), max_tokens: 2 }, headers);

  const statuses = async (...keys: readonly string[]) => {
    const answers = await Promise.all(keys.map((key) => ask({ authorization: `Bearer ${key}` })));
    return answers.map(({ status }) => status);
  };

  test("a wrong configuration is told with its path, and the one before stays", async () => {
    await start({ config: { backends: demo } });

    await reload(gateway, { listen: { prot: 1 }, backends: { demo: { kind: "demo", delay_ms: -1 } } });
    await reload(gateway, "backends: [");

    expect(gateway.log()).toMatch(/config\.yaml:1:\d+: listen\.prot: unknown key; did you mean port\?/);
    expect(gateway.log()).toMatch(
      /config\.yaml:1:\d+: backends\.demo\.delay_ms: must be an integer from 0 to 10000\./,
    );
    expect(gateway.log()).toMatch(/config\.yaml:1:\d+: is not valid YAML/);
    expect((await ask()).status).toBe(200);
  });

  test("a backend that is down is told and does not keep the rest from changing", async () => {
    await start({ config: { backends: demo } });

    await reload(gateway, {
      backends: { ...demo, down: { kind: "kserve", endpoint: "127.0.0.1:1", dialect: "anyserve" } },
      models: { here: { backend: "demo" }, there: { backend: "down" } },
    });

    expect(gateway.log()).toContain("Backend down is not ready");
    expect(await modelIds(gateway.url)).toEqual(["here", "there"]);
  });

  test("keys, also of a key file and of the environment file, are read again", async () => {
    await start({
      config: { backends: demo, auth: { keys: ["${env:TEAM_KEY}"] } },
      files: { "keys.txt": "from-file-1\n", ".env": "TEAM_KEY=team-1\n" },
      args: ["--env-file", ".env", "--api-key-file", "keys.txt"],
    });
    expect(await statuses("from-file-1", "team-1", "from-file-2", "team-2")).toEqual([200, 200, 401, 401]);

    writeFileSync(join(gateway.directory, "keys.txt"), "from-file-2\n");
    writeFileSync(join(gateway.directory, ".env"), "TEAM_KEY=team-2\n");
    await signalReload(gateway);

    expect(await statuses("from-file-1", "team-1", "from-file-2", "team-2")).toEqual([401, 401, 200, 200]);
  });

  test("limits, origins and what is logged change at once", async () => {
    await start({ config: { backends: demo, log: { content: "off" } } });
    const page = { origin: "https://app.example" };
    expect([(await ask(page)).status, (await ask()).status]).toEqual([403, 200]);

    await reload(gateway, {
      backends: demo,
      cors: { origins: ["https://app.example"] },
      limits: { max_messages: 1 },
      log: { level: "debug", content: "full" },
    });
    const two = { messages: [...user("one").messages, ...user("two").messages] };
    const [allowed, refused] = await Promise.all([
      ask(page),
      post(`${gateway.url}/v1/chat/completions`, two),
    ]);

    expect([allowed.status, refused.status]).toEqual([200, 400]);
    await until(() => gateway.log().includes("[DEBUG]"), 20_000);
    await until(() => gateway.log().includes("Message: hi"), 20_000);
    expect(gateway.log().match(/Message: hi/g)).toHaveLength(1);
  });

  test("the address stays, and that is said", async () => {
    await start({ config: { backends: demo } });

    await reload(gateway, { backends: demo, listen: { max_body: "1MiB" } });

    expect(gateway.log()).toMatch(/config\.yaml:1:\d+: listen\.max_body: changes at the next start only/);
    expect((await ask()).status).toBe(200);
  });

  test(
    "many reloads under load lose no request and give their memory back",
    async () => {
      await start({ config: { backends: demo } });
      const rounds = extent(30, 300);
      const over = new AbortController();
      let answered = 0;
      const call = async (text: string) => {
        const chat = `${gateway.url}/v1/chat/completions`;
        while (!over.signal.aborted) {
          const { chunks } = await postStream<ChatChunk>(chat, { model: "m", max_tokens: 8, ...user(text) });
          expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("length");
          answered++;
        }
      };
      const content = (round: number) => ({
        backends: demo,
        models: { m: { backend: "demo", target: "demo", aliases: [`alias-${round}`] } },
      });
      await reload(gateway, content(0));
      const callers = Promise.all(["a", "b", "c", "d", "e", "f"].map(call));
      const answers = async (count: number) => {
        const wanted = answered + count;
        await Promise.race([until(() => answered >= wanted, 60_000), callers]);
      };
      await answers(200);
      for (let round = 1; round <= 5; round++) await reload(gateway, content(round));
      const before = residentBytes(gateway.pid);

      for (let round = 6; round <= rounds; round++) {
        await reload(gateway, content(round));
        await answers(5);
      }
      over.abort();
      await callers;

      expect(await modelIds(gateway.url)).toEqual(["m"]);
      expect((await send(`${gateway.url}/v1/models/alias-${rounds}`)).status).toBe(200);
      expect(residentBytes(gateway.pid) - before).toBeLessThan(40 * mebibyte);
    },
    extent(60_000, 600_000),
  );
});

/** Memory of a process that is in RAM. */
function residentBytes(pid: number): number {
  const kibibytes =
    process.platform === "linux"
      ? /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]).stdout.toString();
  return Number(kibibytes) * 1_024;
}
