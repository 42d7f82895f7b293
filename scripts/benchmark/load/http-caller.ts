import type { Task } from "../task.ts";
import { checks } from "./checks.ts";
import type { Answered, Caller, Workload } from "./exchange.ts";
import { encodeQuestion, type Question, type Surface } from "./question.ts";
import { ResponseReader } from "./response-reader.ts";

/** One keep-alive connection to an OpenAI-compatible server on 127.0.0.1. */
export async function openHttpCaller(
  port: number,
  { stream: isStream, question = toAnyserve }: Pick<Workload, "stream" | "question">,
): Promise<Caller> {
  const reader = new ResponseReader();
  const { surface = "chat" } = question;
  const check = checks[surface][isStream ? "stream" : "whole"];
  let pending: Pending | undefined;
  /** Of the request, what the connection has not taken yet. */
  let unsent: Uint8Array = nothing;

  const fail = (reason: unknown) => {
    pending?.reject(reason);
    pending = undefined;
  };

  function receive(bytes: Buffer): void {
    if (pending === undefined) throw new Error("The server sent something that nobody asked for.");
    const asked = pending;
    const isComplete = reader.read(bytes);
    if (asked.firstTokenMs === undefined && (isComplete || hasText(reader.body))) {
      asked.firstTokenMs = performance.now() - asked.askedAt;
      asked.onFirst?.();
    }
    if (!isComplete) return;
    check(reader.status, reader.body.toString(), asked.task);
    pending = undefined;
    reader.reset();
    asked.resolve({ firstTokenMs: asked.firstTokenMs ?? 0 });
  }

  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (opened) => void opened.setNoDelay(true),
      data(_, bytes) {
        try {
          receive(bytes);
        } catch (error) {
          fail(error);
        }
      },
      drain: send,
      close: () => fail(new Error("The server closed the connection.")),
      error: (_, error) => fail(error),
    },
  });

  function send(): void {
    if (unsent.length === 0) return;
    const taken = socket.write(unsent);
    if (taken < 0) fail(new Error("The server had closed the connection."));
    else unsent = unsent.subarray(taken);
  }

  return {
    ask: (task, onFirst) =>
      new Promise<Answered>((resolve, reject) => {
        pending = {
          task,
          askedAt: performance.now(),
          resolve,
          reject,
          ...(onFirst === undefined ? {} : { onFirst }),
        };
        unsent = encodeRequest(port, paths[surface], encodeQuestion(question, task, isStream));
        send();
      }),
    close: () => socket.end(),
  };
}

interface Pending {
  task: Task;
  askedAt: number;
  firstTokenMs?: number;
  onFirst?: () => void;
  resolve: (answered: Answered) => void;
  reject: (reason: unknown) => void;
}

const nothing = new Uint8Array();
const toAnyserve: Question = { model: "llamacpp" };

const paths: Readonly<Record<Surface, string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
};

/** What a delta with text or reasoning is named in the protocols. */
const textKeys = ["content", "reasoning_content", "delta", "text"].map((name) => Buffer.from(`"${name}":`));
const callKey = Buffer.from('"arguments":');

/** Whether the body has a delta with text, reasoning or a call; those that only open something are empty. */
function hasText(body: Buffer): boolean {
  return textKeys.some((key) => isGiven(body, key)) || body.includes(callKey);
}

function isGiven(body: Buffer, key: Buffer): boolean {
  for (let found = body.indexOf(key); found >= 0; found = body.indexOf(key, found + 1)) {
    const value = body.toString("latin1", found + key.length, found + key.length + 3).trimStart();
    if (value.startsWith('"') && value.length > 1 && !value.startsWith('""')) return true;
  }
  return false;
}

function encodeRequest(port: number, path: string, body: string): Uint8Array {
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    // All of it is ASCII: its length in characters is its length in bytes.
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1");
}
