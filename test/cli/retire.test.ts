import { expect, test } from "bun:test";
import { retire, type Retiring } from "../../src/cli/retire.ts";
import { memoryLog } from "../support/calls.ts";

/** Requests that end, or not, within the first wait and after they were cancelled. */
function scriptedRequests(endsInTime: boolean) {
  const calls: string[] = [];
  let waits = 0;
  const requests: Retiring = {
    size: 2,
    idle(milliseconds) {
      waits++;
      calls.push(`wait ${milliseconds}`);
      return Promise.resolve(endsInTime || waits > 1);
    },
    cancelAll: () => void calls.push("cancel"),
  };
  const close = async () => {
    calls.push("close");
  };
  return { calls, requests, close };
}

test("what was replaced is closed when its requests have ended", async () => {
  const { calls, requests, close } = scriptedRequests(true);

  await retire({ requests, close, log: memoryLog() });

  expect(calls).toEqual(["wait 600000", "close"]);
});

test("what still runs after 10 minutes is cancelled and may say a last word", async () => {
  const { calls, requests, close } = scriptedRequests(false);

  await retire({ requests, close, log: memoryLog() });

  expect(calls).toEqual(["wait 600000", "cancel", "wait 2000", "close"]);
});

test("backends that cannot be closed are told to the log only", async () => {
  const { requests } = scriptedRequests(true);
  const log = memoryLog();

  await retire({ requests, close: () => Promise.reject(new Error("stuck")), log });

  expect(log.lines.at(-1)).toStartWith("error ");
  expect(log.fields.at(-1)).toEqual({ cause: "Error: stuck" });
});
