import { expected } from "../load/check-answer.ts";
import { decodeTask } from "../task.ts";

/** The least that an HTTP server on Bun can do: parse the question, answer with the JSON of a completion. */
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const body: Question = JSON.parse(await request.text());
    const content = expected(decodeTask(body.messages.at(-1)?.content ?? "")).text;
    return Response.json({
      id: "chatcmpl-0",
      object: "chat.completion",
      created: 0,
      model: body.model,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content, refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
  },
});

interface Question {
  model: string;
  messages: { content: string }[];
}

process.stdout.write(`${server.port}\n`);
