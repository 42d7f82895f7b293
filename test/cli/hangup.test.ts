import { expect, test } from "bun:test";
import { createHangupRule } from "../../src/cli/hangup.ts";

const script = `import { isHangupIgnored } from "${import.meta.dir}/../../src/cli/hangup.ts"; console.log(isHangupIgnored());`;
const nohup = process.platform === "linux" ? Bun.which("nohup") : null;

async function ask(before: readonly string[]): Promise<string> {
  const child = Bun.spawn([...before, process.execPath, "-e", script], { stdin: "ignore", stderr: "ignore" });
  return await new Response(child.stdout).text();
}

test.skipIf(nohup === null)("a program that nohup starts outlives its terminal, others do not", async () => {
  expect(await Promise.all([ask(["nohup"]), ask([])])).toEqual(["true\n", "false\n"]);
});

test("without anything to read again SIGHUP stops", () => {
  expect(createHangupRule(false)()).toEqual({
    action: "stop",
    reason: "SIGHUP (there is no file to read again)",
  });
});

/** Runs what it is given on a terminal of its own, which goes away between the first and the second SIGHUP. */
const onTerminal = `
import os, pty, signal, sys, time
master, slave = pty.openpty()
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    os.setsid()
    os.close(master); os.close(read)
    import fcntl, termios
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(write, 1)
    os.execv(sys.argv[1], sys.argv[1:])
os.close(slave); os.close(write)
out = os.fdopen(read)
print(out.readline().strip(), flush=True)
os.kill(pid, signal.SIGHUP)
print(out.readline().strip(), flush=True)
os.close(master)
print(out.readline().strip(), flush=True)
os.kill(pid, signal.SIGKILL)
`;
const interpreter = process.platform === "linux" ? Bun.which("python3") : null;

test.skipIf(interpreter === null)("SIGHUP reloads until the terminal has gone, then it stops", async () => {
  const rule = `import { createHangupRule } from "${import.meta.dir}/../../src/cli/hangup.ts";
    const rule = createHangupRule(true);
    process.on("SIGHUP", () => console.log(rule().action));
    setInterval(() => {}, 1_000);
    console.log("ready");`;

  const child = Bun.spawn([interpreter ?? "", "-c", onTerminal, process.execPath, "-e", rule], {
    stdin: "ignore",
    stderr: "inherit",
  });

  expect(await new Response(child.stdout).text()).toBe("ready\nreload\nstop\n");
});
