import type { AgentMessage, AgentRun } from "../kit/agent.ts";

/**
 * A run before which other agents answer, all at once and for the same conversation. What they say stands in the
 * user's last message, since it is no instruction of the operator's. Where the conversation goes on after the call of
 * a tool they have spoken already.
 */
export function withInputs(run: AgentRun, inputs: readonly string[]): AgentRun {
  return async (context) => {
    const { messages } = context;
    const last = messages.at(-1);
    if (last?.role !== "user") return run(context);
    const answers = await Promise.all(
      inputs.map(async (model) => `Input from ${model}:\n${await context.generate({ model }).text()}`),
    );
    const whole = [...messages.slice(0, -1), putBefore(answers.join("\n\n"), last)];
    return run({
      ...context,
      messages: whole,
      generate: (options) => context.generate({ messages: whole, ...options }),
    });
  };
}

function putBefore(text: string, message: AgentMessage): AgentMessage {
  const { content } = message;
  return {
    ...message,
    content: typeof content === "string" ? `${text}\n\n${content}` : [{ type: "text", text }, ...content],
  };
}
