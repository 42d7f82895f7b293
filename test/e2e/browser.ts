import { afterAll, beforeAll, describe, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { binary } from "../support/prerequisites.ts";

/** A page and everything that went wrong in it. */
export interface WatchedPage {
  page: Page;
  /** Addresses outside of the allowed origin that the page asked for; none of them was reached. */
  foreign: string[];
  /** What the content security policy refused. */
  violations: string[];
  /** Errors and warnings that the browser reports. */
  complaints: string[];
}

/** Opens a page that reaches one origin only. */
export type OpenPage = (origin: string) => Promise<WatchedPage>;

const root = join(import.meta.dir, "../..");
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // No name is looked up, whatever asks.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** `describe` for tests in a browser. Without one they are skipped and the reason is printed; `CI` makes that a failure. */
export function describeBrowser(name: string, body: (open: OpenPage) => void): void {
  const found = findChromium();
  if (found !== undefined) {
    describe(name, () => body(launch(found)));
  } else if (process.env["CI"] === undefined) {
    process.stderr.write(`Skipping "${name}": no Chromium; run scripts/chromium.\n`);
    describe.skip(name, () => body(() => Promise.reject(new Error("There is no browser."))));
  } else {
    test(`${name}: there is a browser`, () => {
      throw new Error("No Chromium; run scripts/chromium.");
    });
  }
}

function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
  const given = process.env["CHROMIUM"];
  return given ?? names.map((name) => Bun.which(name)).find((path) => path !== null) ?? undefined;
}

function launch(executablePath: string): OpenPage {
  let browser: Browser;
  beforeAll(async () => {
    if (!existsSync(binary)) await Bun.$`${join(root, "scripts/build")}`.quiet();
    browser = await chromium.launch({ executablePath, args: flags });
  }, 120_000);
  afterAll(() => browser.close());
  return async (origin) => {
    const context = await browser.newContext({ viewport: { width: 1_300, height: 1_600 } });
    const page = await context.newPage();
    const watched: WatchedPage = { page, foreign: [], violations: [], complaints: [] };
    await context.route("**/*", async (route) => {
      const address = route.request().url();
      if (isAllowed(address, origin)) return route.continue();
      watched.foreign.push(address);
      return route.abort();
    });
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") watched.complaints.push(line.text());
    });
    page.on("pageerror", (error) => watched.complaints.push(error.message));
    await page.exposeFunction("reportViolation", (text: string) => void watched.violations.push(text));
    await page.addInitScript(`
      document.addEventListener("securitypolicyviolation", (event) => {
        reportViolation(event.violatedDirective + " " + event.blockedURI);
      });
    `);
    return watched;
  };
}

function isAllowed(address: string, origin: string): boolean {
  return (
    address.startsWith(`${origin}/`) || address.startsWith("data:") || address.startsWith(`blob:${origin}/`)
  );
}
