import type { HttpAnswer, HttpClient } from "./client.ts";

/** As much of the web's `fetch` as a library needs that is to go out through `client`. */
export type FetchOver = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * Bodies are texts. An answer of more than `maxBytes` fails while it is read; for a stream of events that holds for each
 * one, since such a stream may go on for days. Redirects are not followed.
 */
export function createFetchOver(client: HttpClient, maxBytes: number): FetchOver {
  return async (url, init = {}) => {
    const { method = "GET", body } = init;
    if (method !== "GET" && method !== "POST") return new Response(null, { status: 405 });
    const answer = await client.call({
      method,
      url: new URL(url),
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof body === "string" && { body }),
      signal: init.signal ?? new AbortController().signal,
    });
    const { status } = answer;
    const headers = toHeaders(answer);
    if (bodyless.has(status)) {
      answer.discard();
      return new Response(null, { status, headers });
    }
    const isEvents = headers.get("content-type")?.startsWith("text/event-stream") === true;
    return new Response(toStream(bounded(answer.chunks, maxBytes, isEvents)), { status, headers });
  };
}

const bodyless: ReadonlySet<number> = new Set([204, 205, 304]);

function toHeaders({ headers }: HttpAnswer): Headers {
  const given = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, typeof value === "string" ? value : value.join(", ")]],
  );
  return new Headers(given);
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  isEvents: boolean,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (isEvents) size = Math.min(size, chunk.length - endOfEvents(chunk));
    if (size > maxBytes) throw new Error(`An answer has more than ${maxBytes} bytes.`);
    yield chunk;
  }
}

/** Behind the last blank line; minus infinity if there is none. */
function endOfEvents(chunk: Uint8Array): number {
  const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const end = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\r\n\r\n"));
  return end === -1 ? -Infinity : end;
}

function toStream(source: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await source.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await source.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
