import type { Surface } from "../../support/client-matrix/rows.ts";
import { childLines } from "../../support/child-lines.ts";
import { user } from "../../support/openai-wire.ts";
import type { Ask, Driver } from "./driver.ts";

/** How a surface is asked, and where in its JSON the text is: of a whole answer, and of an event of a stream. */
interface Form {
  path: string;
  body: (question: string) => object;
  text: Path;
  delta: Path;
}

type Path = readonly (string | number)[];

const forms: Record<Surface, Form> = {
  chat: {
    path: "/chat/completions",
    body: user,
    text: ["choices", 0, "message", "content"],
    delta: ["choices", 0, "delta", "content"],
  },
  completions: {
    path: "/completions",
    body: (prompt) => ({ prompt, max_tokens: 100 }),
    text: ["choices", 0, "text"],
    delta: ["choices", 0, "text"],
  },
  responses: {
    path: "/responses",
    body: (input) => ({ input }),
    text: ["output", 0, "content", 0, "text"],
    delta: ["delta"],
  },
  messages: {
    path: "/messages",
    body: (question) => ({ max_tokens: 100, ...user(question) }),
    text: ["content", 0, "text"],
    delta: ["delta", "text"],
  },
};

/** An answer with an error: as a status, or as an event of a stream. */
class CurlError extends Error {
  readonly status: number | undefined;

  constructor(error: unknown, status?: number) {
    super(String(at(error, ["message"])));
    this.status = status;
  }
}

/** curl, as it is typed into a shell. */
export function curlDriver(surface: Surface): Driver {
  const form = forms[surface];
  const start = (ask: Ask, stream: boolean, ...options: string[]) =>
    Bun.spawn(
      ["curl", "--silent", "--show-error", "--no-buffer", ...options, ...argumentsOf(form, ask, stream)],
      {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
      },
    );

  return {
    async text(ask) {
      const child = start(ask, false, "--write-out", "\n%{http_code}");
      const [body = "", status = ""] = (await new Response(child.stdout).text()).split("\n");
      const answer: unknown = JSON.parse(body);
      if (status !== "200") throw new CurlError(at(answer, ["error"]), Number(status));
      return String(at(answer, form.text));
    },
    async streaming(ask) {
      const pieces: string[] = [];
      for await (const piece of piecesOf(start(ask, true).stdout, form)) pieces.push(piece);
      return pieces;
    },
    async abort(ask) {
      const child = start(ask, true);
      for await (const piece of piecesOf(child.stdout, form)) if (piece !== "") child.kill("SIGINT");
      await child.exited;
    },
    errors: { unknownModel: "CurlError", badValue: "CurlError", midStream: "CurlError" },
  };
}

function argumentsOf({ path, body }: Form, { baseUrl, model, question, temperature }: Ask, stream: boolean) {
  const given = { model, ...body(question), stream, ...(temperature !== undefined && { temperature }) };
  return [`${baseUrl}${path}`, "--header", "content-type: application/json", "--data", JSON.stringify(given)];
}

async function* piecesOf(output: ReadableStream<Uint8Array>, { delta }: Form): AsyncGenerator<string> {
  for await (const line of childLines(output)) {
    if (!line.startsWith("data: {")) continue;
    const event: unknown = JSON.parse(line.slice("data: ".length));
    const error = at(event, ["error"]);
    if (error !== undefined) throw new CurlError(error);
    const piece = at(event, delta);
    if (typeof piece === "string" && piece !== "") yield piece;
  }
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = new Map(Object.entries(found)).get(String(key));
  }
  return found;
}
