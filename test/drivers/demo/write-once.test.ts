import { expect, test } from "bun:test";
import { writeOnce } from "../../../src/drivers/demo/write-once.ts";
import { createRequest } from "./support.ts";

test("the calls of one request are written for once", () => {
  const request = createRequest({ choices: 2 });
  let writings = 0;
  const write = () => `text ${++writings}`;

  const texts = [1, 2, 3].map(() => writeOnce({ ...request, choices: 1 }, write));

  expect(texts).toEqual(["text 1", "text 1", "text 1"]);
});

test("another request with the same prompt is written for anew", () => {
  const request = createRequest();
  writeOnce(request, () => "first");

  expect(writeOnce({ ...request, sampling: { temperature: 1 } }, () => "second")).toBe("second");
  expect(writeOnce({ ...request, reasoning: { effort: "low" } }, () => "third")).toBe("third");
});
