import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { startGateway, type Gateway } from "../support/harness.ts";
import { describeBrowser, type WatchedPage } from "./browser.ts";

describeBrowser("The documentation in a browser", (open) => {
  const key = "sk-browser-test-key";
  let gateway: Gateway;
  let locked: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    locked = await startGateway({ environment: { OAI_SERVE_API_KEY: key } });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await locked.stop();
  });

  test.each(["/docs", "/docs/"])(
    "%s shows every operation",
    async (path) => {
      const watched = await open(gateway.url);

      await watched.page.goto(gateway.url + path);

      const shown = await shownOperations(watched.page);
      expect(shown).toEqual(await documentedOperations(gateway.url));
      expect(await watched.page.locator(".servers select").inputValue()).toBe(gateway.url);
      expectQuiet(watched);
      await watched.page.context().close();
    },
    60_000,
  );

  test("/docs sends a chat completion to the model and shows the answer", async () => {
    const watched = await open(gateway.url);
    await watched.page.goto(`${gateway.url}/docs`);

    const answer = await execute(watched.page, "createChatCompletion");

    expect(answer.status).toBe("200");
    expect(JSON.parse(answer.body)).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: expect.stringContaining("Hello, how are you?") } }],
    });
    expect(answer.url).toBe(`${gateway.url}/v1/chat/completions`);
    expectQuiet(watched);
    await screenshot(watched.page, "docs-answer");
    await watched.page.context().close();
  }, 60_000);

  test("/docs looks a model up by the id that is typed in", async () => {
    const watched = await open(gateway.url);
    await watched.page.goto(`${gateway.url}/docs`);

    const answer = await execute(watched.page, "retrieveModel");

    expect(answer.status).toBe("200");
    expect(JSON.parse(answer.body)).toMatchObject({ id: "demo", object: "model" });
    expectQuiet(watched);
    await watched.page.context().close();
  }, 60_000);

  test("with keys, /docs is open, its requests are refused, and Authorize lets them in", async () => {
    const watched = await open(locked.url);
    const { page } = watched;
    await page.goto(`${locked.url}/docs`);

    const refused = await execute(page, "createChatCompletion");
    await page.locator(".auth-wrapper .authorize").first().click();
    await page.locator(".auth-container input").fill(key);
    await page.locator(".auth-btn-wrapper .authorize").click();
    await screenshot(page, "docs-authorize");
    await page.locator(".auth-btn-wrapper .btn-done").click();
    await page.locator("#operations-Chat-createChatCompletion .btn-clear").click();
    const accepted = await execute(page, "createChatCompletion");

    expect(refused.status).toBe("401");
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: "invalid_api_key" } });
    expect(accepted.status).toBe("200");
    expect(watched.complaints).toEqual([expect.stringContaining("401")]);
    expectQuiet({ ...watched, complaints: [] });
    await page.context().close();
  }, 60_000);

  test.each(["/redoc", "/redoc/"])(
    "%s shows every operation and finds one",
    async (path) => {
      const watched = await open(gateway.url);
      const { page } = watched;

      await page.goto(gateway.url + path);
      await page.locator("[data-section-id]").first().waitFor();

      const sections = await page
        .locator("[data-section-id*='/operation/']")
        .evaluateAll((found) => found.map((element) => element.getAttribute("data-section-id")));
      expect(sections).toEqual(await documentedSections(gateway.url));
      await page.locator("input[type=text]").fill("completions");
      await page.locator("[data-role='search:results'] li").first().waitFor();
      expectQuiet(watched);
      await screenshot(page, "redoc");
      await page.context().close();
    },
    60_000,
  );

  test("behind a proxy that serves it below a prefix, both pages work and send requests there", async () => {
    const proxy = startProxy(gateway.url, "/models/api");
    const watched = await open(proxy.origin);
    const { page } = watched;

    await page.goto(`${proxy.origin}/models/api/redoc`);
    await page.locator("[data-section-id]").first().waitFor();
    await page.goto(`${proxy.origin}/models/api/docs`);
    const answer = await execute(page, "createChatCompletion");

    expect(answer.url).toBe(`${proxy.origin}/models/api/v1/chat/completions`);
    expect(answer.status).toBe("200");
    expectQuiet(watched);
    await page.context().close();
    await proxy.stop();
  }, 60_000);

  test("what a page asks of another host is seen and stopped", async () => {
    const watched = await open(gateway.url);
    await watched.page.goto(`${gateway.url}/live`);

    const outcome = await watched.page.evaluate(
      `fetch("http://192.0.2.1/x").then(() => "answered", () => "stopped")`,
    );

    expect({ outcome, foreign: watched.foreign }).toEqual({
      outcome: "stopped",
      foreign: ["http://192.0.2.1/x"],
    });
    await watched.page.context().close();
  }, 60_000);
});

function expectQuiet({ foreign, violations, complaints }: WatchedPage): void {
  expect({ foreign, violations, complaints }).toEqual({ foreign: [], violations: [], complaints: [] });
}

/** Methods and paths that Swagger UI shows, in order. */
async function shownOperations(page: Page): Promise<string[]> {
  await page.locator(".opblock").first().waitFor();
  const methods = await page.locator(".opblock-summary-method").allInnerTexts();
  const paths = await page
    .locator(".opblock-summary-path")
    .evaluateAll((found) => found.map((element) => element.getAttribute("data-path")));
  return methods.map((method, index) => `${method} ${paths[index]}`);
}

interface DescribedPaths {
  paths: Record<string, Record<string, { operationId: string; tags: string[] }>>;
}

async function describedPaths(url: string): Promise<DescribedPaths["paths"]> {
  const document: DescribedPaths = JSON.parse(await (await fetch(`${url}/openapi.json`)).text());
  return document.paths;
}

async function documentedOperations(url: string): Promise<string[]> {
  const paths = Object.entries(await describedPaths(url));
  return paths.flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** The places of all operations on Redoc's page. */
async function documentedSections(url: string): Promise<string[]> {
  const operations = Object.values(await describedPaths(url)).flatMap((methods) => Object.values(methods));
  return operations.map(({ tags, operationId }) => `tag/${tags[0]}/operation/${operationId}`);
}

/** Opens an operation unless it is open, presses Execute and reads what Swagger UI shows of the answer. */
async function execute(page: Page, id: string): Promise<{ status: string; url: string; body: string }> {
  const block = page.locator(`.opblock[id$="-${id}"]`);
  await block.waitFor();
  if ((await block.locator(".execute").count()) === 0)
    await block.locator(".opblock-summary-control").click();
  await block.locator(".execute").click();
  const answer = block.locator(".live-responses-table");
  await answer.waitFor();
  const status = await answer.locator(".response-col_status").last().innerText();
  return {
    status: status.trim().split(/\s/)[0] ?? "",
    url: (await block.locator(".request-url pre").innerText()).trim(),
    body: await answer.locator(".highlight-code pre").first().innerText(),
  };
}

/** For the eye: kept where `OAI_SERVE_SCREENSHOTS` names a folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env["OAI_SERVE_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

/** Serves what is at `target` below `prefix`, and nothing else. */
function startProxy(target: string, prefix: string) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { origin, pathname } = new URL(request.url);
      if (!pathname.startsWith(`${prefix}/`)) return new Response("Not behind this proxy.", { status: 404 });
      return fetch(request.url.replace(origin + prefix, target), {
        method: request.method,
        decompress: false,
        headers: request.headers,
        ...(request.method === "POST" ? { body: await request.text() } : {}),
      });
    },
  });
  return { origin: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}
