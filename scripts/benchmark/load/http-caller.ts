import { encodeTask, type Task } from "../task.ts";
import { checkStream, checkWhole } from "./check-answer.ts";
import type { Answered, Caller } from "./exchange.ts";
import { ResponseReader } from "./response-reader.ts";

/** One keep-alive connection to an OpenAI-compatible server on 127.0.0.1. */
export async function openHttpCaller(port: number, isStream: boolean): Promise<Caller> {
  const reader = new ResponseReader();
  const check = isStream ? checkStream : checkWhole;
  let pending: Pending | undefined;

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
      close: () => fail(new Error("The server closed the connection.")),
      error: (_, error) => fail(error),
    },
  });

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
        const request = encodeRequest(port, task, isStream);
        if (socket.write(request) !== request.length)
          fail(new Error("The connection did not take the request."));
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

const contentKey = Buffer.from('"content":');

/** Whether the body has a delta with text; those of roles are empty. */
function hasText(body: Buffer): boolean {
  for (let found = body.indexOf(contentKey); found >= 0; found = body.indexOf(contentKey, found + 1)) {
    const value = body
      .toString("latin1", found + contentKey.length, found + contentKey.length + 3)
      .trimStart();
    if (value.startsWith('"') && value.length > 1 && !value.startsWith('""')) return true;
  }
  return false;
}

function encodeRequest(port: number, task: Task, isStream: boolean): string {
  const body = JSON.stringify({
    model: "llamacpp",
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: encodeTask(task) },
    ],
    temperature: 0.7,
    stream: isStream,
  });
  // All of it is ASCII: its length in characters is its length in bytes.
  return [
    "POST /v1/chat/completions HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}
