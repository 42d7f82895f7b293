import { expect, test } from "bun:test";

const script = `import { isHangupIgnored } from "${import.meta.dir}/../../src/cli/hangup.ts"; console.log(isHangupIgnored());`;
const nohup = process.platform === "linux" ? Bun.which("nohup") : null;

async function ask(before: readonly string[]): Promise<string> {
  const child = Bun.spawn([...before, process.execPath, "-e", script], { stdin: "ignore", stderr: "ignore" });
  return await new Response(child.stdout).text();
}

test.skipIf(nohup === null)("a program that nohup starts outlives its terminal, others do not", async () => {
  expect(await Promise.all([ask(["nohup"]), ask([])])).toEqual(["true\n", "false\n"]);
});
