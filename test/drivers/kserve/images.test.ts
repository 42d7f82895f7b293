import { expect, test } from "bun:test";
import { ServeError } from "../../../src/core/error.ts";
import type { Prompt } from "../../../src/core/generation.ts";
import { createLoadImages } from "../../../src/drivers/kserve/images.ts";
import { rejection } from "../../support/rejection.ts";

const unused = new AbortController().signal;
const gif = { bytes: new TextEncoder().encode("GIF89a"), mediaType: "image/gif" };

/** What is fetched is a GIF, and noted. */
function recordingLoad() {
  const fetched: string[] = [];
  const load = createLoadImages({
    maxBytes: 1_000,
    fetchImage: async (url, param) => {
      fetched.push(`${param} ${url}`);
      return gif;
    },
  });
  return { fetched, load };
}

function promptOf(...urls: string[]): Prompt {
  return {
    kind: "messages",
    messages: [
      { role: "user", content: [{ type: "text", text: "?" }] },
      { role: "user", content: urls.map((url) => ({ type: "image", url })) },
    ],
  };
}

test("bytes come from data URLs as they are, and from addresses by a fetch, in order", async () => {
  const { fetched, load } = recordingLoad();

  const images = await load(promptOf("data:image/png;base64,QUJD", "https://a.example/b"), "bytes", unused);

  expect(images.map(({ base64 }) => base64)).toEqual(["QUJD", "R0lGODlh"]);
  expect(fetched).toEqual(["messages[1].content[1].image_url.url https://a.example/b"]);
});

test("a server that takes addresses gets data URLs, so that it fetches nothing itself", async () => {
  const { fetched, load } = recordingLoad();
  const inline = "data:image/png;charset=x;base64,QUJD\r\n";

  const images = await load(promptOf(inline, "http://a.example/b", "http://a.example/b"), "url", unused);

  expect(images.map(({ url }) => url)).toEqual([
    inline,
    "data:image/gif;base64,R0lGODlh",
    "data:image/gif;base64,R0lGODlh",
  ]);
  expect(fetched).toHaveLength(1);
});

for (const url of [
  "data:image/png;base64,QQ==",
  "data:image/webp;base64,QUI=",
  "DATA:Image/PNG;base64,QUJD",
  `data:image/png;base64,${Buffer.alloc(1_000).toString("base64")}`,
]) {
  test(`${url.slice(0, 40)} is taken as it is`, async () => {
    const { load } = recordingLoad();

    expect(await load(promptOf(url), "url", unused)).toEqual([{ url }]);
  });
}

test("more images than a request may have are refused before any is fetched", async () => {
  const { fetched, load } = recordingLoad();
  const urls = Array.from({ length: 65 }, (_, index) => `https://a.example/${index}`);

  const refusal = await rejection(load(promptOf(...urls), "bytes", unused));

  expect(refusal).toMatchObject({ kind: "invalid_request", param: "messages" });
  expect(fetched).toEqual([]);
});

test("one that cannot be fetched ends the other fetches", async () => {
  const ended: boolean[] = [];
  const failing = createLoadImages({
    maxBytes: 1_000,
    fetchImage: async (url, _param, signal) => {
      if (url.endsWith("/bad")) throw new ServeError("invalid_request", "No.");
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      ended.push(signal.aborted);
      return gif;
    },
  });

  const refusal = await rejection(failing(promptOf("http://a/slow", "http://a/bad"), "bytes", unused));

  expect(refusal).toMatchObject({ message: "No." });
  expect(ended).toEqual([true]);
});

test("a prompt that is no conversation has none", async () => {
  const { load } = recordingLoad();

  expect(await load({ kind: "text", text: "data:image/png;base64,QUJD" }, "bytes", unused)).toEqual([]);
});

for (const form of ["bytes", "url"] as const) {
  for (const url of [
    "data:image/png;base64,",
    "data:image/png;base64,QU!D",
    "data:image/png;base64,QUJDR",
    "data:image/png;base64,QQ=D",
    "data:image/png;base64,Q===",
    "data:image/png;base64,====",
    `data:image/png;base64,${Buffer.alloc(1_001).toString("base64")}`,
    "data:text/html;base64,QUJD",
    "data:image/svg+xml;base64,QUJD",
    "data:IMAGE/SVG+XML;base64,QUJD",
    "data:image/;base64,QUJD",
    "data:;base64,QUJD",
    "data:image/png,QUJD",
    "file:///a",
  ]) {
    test(`as ${form}, ${url.slice(0, 40)} is refused by its place`, async () => {
      const { load } = recordingLoad();

      const refusal = await rejection(load(promptOf(url), form, unused));

      expect(refusal).toBeInstanceOf(ServeError);
      expect(refusal).toMatchObject({
        kind: "invalid_request",
        param: "messages[1].content[0].image_url.url",
      });
    });
  }
}
