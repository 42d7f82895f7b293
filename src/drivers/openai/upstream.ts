import type { CallContext } from "../../core/generation.ts";
import { type HttpAnswer, type HttpClient } from "../../egress/client.ts";
import type { EncodedCall } from "./encode.ts";
import { MalformedAnswer } from "./malformed.ts";
import { readWhole } from "./read-answer.ts";
import { toFailure } from "./status.ts";

/** A server under its base URL, with what every call to it bears. */
export interface Upstream {
  /**
   * Resolves with an answer of success, unread. Rejects with a `ServeError` for any other, with `MalformedAnswer`, with
   * `HttpFailure`, or with the reason of the context's signal.
   */
  post(call: EncodedCall, context: Pick<CallContext, "requestId" | "trace" | "signal">): Promise<HttpAnswer>;
  get(path: string, signal: AbortSignal): Promise<HttpAnswer>;
  /** Values that must not be shown to anybody. */
  secrets: readonly string[];
  close(): void;
}

export interface UpstreamOptions {
  client: HttpClient;
  /** Without a slash at its end. */
  baseUrl: string;
  headers: Readonly<Record<string, string>>;
  secrets: readonly string[];
}

/** Of an answer that is a failure; its words stand at its beginning. */
const maxFailureBytes = 65_536;

export function createUpstream({ client, baseUrl, headers, secrets }: UpstreamOptions): Upstream {
  /** Throws what an answer that is a failure stands for. */
  async function assertSuccess(answer: HttpAnswer): Promise<HttpAnswer> {
    if (answer.status >= 200 && answer.status < 300) {
      assertPlain(answer);
      return answer;
    }
    const body = await readFailure(answer);
    throw toFailure({ status: answer.status, headers: answer.headers, body, secrets });
  }

  return {
    secrets,
    async post({ path, body }, { requestId, trace, signal }) {
      const answer = await client.call({
        method: "POST",
        url: new URL(`${baseUrl}/${path}`),
        headers: {
          accept: "text/event-stream, application/json",
          ...headers,
          "content-type": "application/json",
          "x-request-id": requestId,
          ...(trace === undefined ? {} : { traceparent: trace.parent }),
          ...(trace?.state === undefined ? {} : { tracestate: trace.state }),
        },
        body: JSON.stringify(body),
        signal,
      });
      return await assertSuccess(answer);
    },
    async get(path, signal) {
      const answer = await client.call({
        method: "GET",
        url: new URL(`${baseUrl}/${path}`),
        headers: { accept: "application/json", ...headers },
        signal,
      });
      return await assertSuccess(answer);
    },
    close: () => client.close(),
  };
}

/** Throws `MalformedAnswer` for what is compressed, which was not asked for. */
function assertPlain(answer: HttpAnswer): void {
  const { "content-encoding": coding = "identity" } = answer.headers;
  if (coding.trim().toLowerCase() === "identity" || coding.trim() === "") return;
  answer.discard();
  throw new MalformedAnswer("It is compressed, which was not asked for.");
}

/** The JSON of an answer that is a failure; nothing where it is none, as of a proxy's page. */
async function readFailure({ chunks }: HttpAnswer): Promise<unknown> {
  try {
    const text = await readWhole({ chunks: firstBytes(chunks, maxFailureBytes) });
    return JSON.parse(text.trim().replace(/^data:/, ""));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof MalformedAnswer) return undefined;
    throw error;
  }
}

async function* firstBytes(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    if (bytes >= maxBytes) return;
  }
}
