import type { UpstreamScript } from "../../support/upstream/upstream.ts";
import { instructionsOf, lastText, messagesOf } from "./upstream-body.ts";

export const report = ["AI ", "agents ", "are ", "autonomous ", "systems."];

/** Plays the models of the Cortex Flow example: its supervisor and its specialists. */
export const teamScript: UpstreamScript = (body) => {
  const instructions = instructionsOf(body).join("\n");
  if (instructions.includes("You collect facts")) return { text: `Facts: ${lastText(body, "user")}` };
  if (instructions.includes("You compare and weigh")) return { text: `Analysis: ${lastText(body, "user")}` };
  if (instructions.includes("clear and well-ordered text"))
    return { text: `Text: ${lastText(body, "user")}` };

  const messages = messagesOf(body);
  const question = lastText(body, "user");
  if (messages.at(-1)?.role === "tool") {
    const results = messages.slice(messages.findLastIndex(({ role }) => role === "assistant"));
    return {
      text: `Report from ${results.flatMap(({ role, content }) => (role === "tool" ? content : [])).join(" and ")}`,
    };
  }
  if (question.startsWith("Research")) {
    return {
      toolCalls: [
        { name: "ask_researcher", arguments: { task: "find out" } },
        { name: "ask_analyst", arguments: { task: "weigh up" } },
      ],
    };
  }
  const questions = messages.flatMap(({ role, content }) => (role === "user" ? content : []));
  if (question === "What is my name?") {
    const names = questions.flatMap((text) => /^My name is (\w+)/.exec(text)?.[1] ?? []);
    return { text: `You are ${names.join(" and ") || "unknown to me"}.` };
  }
  if (question === "Summarize the key findings") return { text: `Findings of: ${questions.join(" | ")}` };
  return { text: report };
};
