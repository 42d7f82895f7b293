import { expect, test } from "bun:test";
import { frameOf } from "../../../src/agents/load/frame.ts";
import { loadAgentFiles } from "../../../src/agents/load/load-agent-files.ts";
import { failureOf } from "../../support/failure.ts";
import { createContext } from "./context.ts";
import { createFolder } from "./folder.ts";
import { kit } from "./kit.ts";

test("an error that was thrown in an agent file has its place there, also as a cause", async () => {
  await using folder = await createFolder({
    "a.ts": "export default async function run() {\n  throw new Error('no');\n}",
  });
  const { agents } = await loadAgentFiles({ files: [folder.path], kit });

  const failure = await failureOf(Promise.resolve(agents[0]?.agent.run(createContext())));

  expect(frameOf(failure)).toStartWith(`${folder.at("a.ts")}:2:`);
  expect(frameOf(new Error("outer", { cause: failure }))).toStartWith(`${folder.at("a.ts")}:2:`);
});

for (const [what, thrown] of [
  ["an error of ours", new Error("ours")],
  ["what is no error", "text"],
  ["nothing", undefined],
] as const) {
  test(`${what} has none`, () => {
    expect(frameOf(thrown)).toBeUndefined();
  });
}
