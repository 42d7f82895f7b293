/** What tests need of HTTP and server-sent events, strict where clients are. */
import { connect } from "node:net";

export interface Answer<Body = unknown> {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined when it is not JSON. */
  json: Body;
}

/** Sends a request and reads the whole answer. A body that is neither text nor bytes goes as JSON. */
export async function send<Body = unknown>(
  url: string,
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> {
  const { body } = options;
  if (body === undefined) {
    return readAnswer(await fetch(url, { method: options.method ?? "GET", headers: options.headers ?? {} }));
  }
  const content = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json", ...options.headers };
  return readAnswer(await fetch(url, { method: options.method ?? "POST", headers, body: content }));
}

/** Posts JSON. */
export function post<Body = unknown>(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  return send(url, { method: "POST", body, headers });
}

async function readAnswer<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

export interface Events<Chunk> {
  /** Payloads before `[DONE]`, in order. */
  chunks: Chunk[];
  comments: number;
}

export interface EventStream<Chunk> extends Events<Chunk> {
  status: number;
  headers: Headers;
  /** The bytes as they came. */
  text: string;
}

/** Posts JSON and reads the answer as one complete event stream of OpenAI's form; throws at any deviation. */
export async function postStream<Chunk>(
  url: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<EventStream<Chunk>> {
  const answer = await post(url, { stream: true, ...body }, headers);
  if (answer.status !== 200) throw new Error(`expected a stream, got ${answer.status}: ${answer.text}`);
  return {
    status: answer.status,
    headers: answer.headers,
    text: answer.text,
    ...parseEvents<Chunk>(answer.text),
  };
}

/**
 * Parses a whole event stream by the strictest of the clients' rules: every frame is `data: ` and one line of
 * JSON or a comment, ends with one blank line, LF only, and `data: [DONE]` is the last.
 */
export function parseEvents<Chunk>(text: string): Events<Chunk> {
  if (text.includes("\r")) throw new Error("a carriage return in the stream");
  if (!text.endsWith("\n\n"))
    throw new Error(`the last frame is not complete: ${JSON.stringify(text.slice(-80))}`);
  const frames = text.slice(0, -2).split("\n\n");
  const last = frames.pop();
  if (last !== "data: [DONE]") throw new Error(`the last frame is not [DONE]: ${JSON.stringify(last)}`);
  const chunks: Chunk[] = [];
  let comments = 0;
  for (const frame of frames) {
    if (frame.includes("\n")) throw new Error(`a frame of several lines: ${JSON.stringify(frame)}`);
    if (frame.startsWith(":")) {
      comments++;
    } else if (frame.startsWith("data: {")) {
      chunks.push(JSON.parse(frame.slice("data: ".length)));
    } else {
      throw new Error(`neither data nor a comment: ${JSON.stringify(frame)}`);
    }
  }
  return { chunks, comments };
}

/** Frames of a response as they arrive, without their blank line. */
export async function* readFrames(response: Response): AsyncGenerator<string, void> {
  if (response.body === null) throw new Error("a response without a body");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const bytes of response.body) {
    const frames = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = frames.pop() ?? "";
    yield* frames;
  }
  if (rest !== "") throw new Error(`the last frame is not complete: ${JSON.stringify(rest)}`);
}

/** Writes `parts` on a fresh connection as they are and gives what comes back until the server closes it. */
export function rawExchange(port: number, parts: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => {
      for (const part of parts) socket.write(part);
    });
    socket.setEncoding("utf8");
    socket.on("data", (text) => {
      received += text.toString();
    });
    // A server that refuses early resets the connection after its answer: what came before it counts.
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
}
