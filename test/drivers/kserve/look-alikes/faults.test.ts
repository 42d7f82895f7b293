import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createAuthority } from "../../../support/certificates.ts";
import type { Authority } from "../../../support/certificates.ts";
import type { Fields } from "../../../support/kserve-messages.ts";
import { describePython } from "../../../support/prerequisites.ts";
import { startLookAlike } from "../../../support/kserve/look-alike.ts";
import type { ReplyDirective } from "../../../support/kserve/look-alike.ts";
import { serveLookAlike } from "../../../support/kserve/serve.ts";
import { bool, bytes } from "../../../support/kserve/tensors.ts";

describePython("the faults of a look-alike", () => {
  const { client, server, stream } = serveLookAlike({
    models: [{ dialect: "vllm" }, { dialect: "generic" }],
  });

  const spoken: readonly [string, ReplyDirective, readonly string[]][] = [
    ["its pieces", { pieces: ["a", "", "b"] }, ["a", "", "b"]],
    ["one byte a message", { text: "ab", split_bytes: true }, ["a", "b"]],
    ["bytes that are no text", { raw_bytes_hex: ["61", "ff"] }, ["a", "\uFFFD"]],
    ["the whole so far", { text: "a b", cumulative: true }, ["a", "a b"]],
    ["an empty last message", { text: "a", empty_final: true }, ["a", ""]],
    ["after a wait", { text: "a", delay_ms: 2 }, ["a"]],
  ];
  for (const [what, directive, texts] of spoken) {
    test(`says ${what}`, async () => {
      const messages = await stream(request(directive));

      expect(messages.map(({ outputs }) => outputs["text_output"]?.[0])).toEqual([...texts]);
    });
  }

  test("says a finish word that nobody knows", async () => {
    const messages = await stream(
      request({ text: "a", finish_word: "weird" }, bool("return_finish_reason", true)),
    );

    expect(messages).toMatchObject([{ outputs: { finish_reason: ["weird"] } }]);
  });

  test("fails where it is told, as a text or as a status", async () => {
    const failing = request({
      text: "a b",
      fail_after: 1,
      fail_status: "RESOURCE_EXHAUSTED",
      fail_text: "full",
    });
    const texts = await stream(failing);
    const status = await stream(failing, { metadata: { triton_grpc_error: "true" } });

    expect(texts[1]?.error).toBe("Error generating stream: full");
    expect(status[1]?.error).toBe("8 Error generating stream: full");
  });

  test("takes another directive once the prompt quotes the first answer", async () => {
    const first = `@reply ${JSON.stringify({ text: "bad", repair: { text: "good" } })}`;

    expect(await stream(asking(first))).toMatchObject([{ outputs: { text_output: ["bad"] } }]);
    expect(await stream(asking(`${first}\nbad\nthat is wrong`))).toMatchObject([
      { outputs: { text_output: ["good"] } },
    ]);
  });

  const malformed: readonly [string, (response: Fields) => unknown, unknown][] = [
    ["missing-output", nameOf, "surprise"],
    ["wrong-datatype", (response) => firstOutput(response)["datatype"], "INT32"],
    ["wrong-shape", (response) => firstOutput(response)["shape"], [7]],
    ["negative-shape", (response) => firstOutput(response)["shape"], [-1]],
    ["duplicate", (response) => listOf(response["outputs"]).length, 2],
    ["lying-prefix", (response) => listOf(response["rawOutputContents"]), [lyingPrefix]],
    ["no-contents", (response) => listOf(response["rawOutputContents"]).length, 0],
    ["no-outputs", (response) => listOf(response["outputs"]).length, 0],
  ];
  for (const [fault, look, expected] of malformed) {
    test(`breaks the second message by ${fault}`, async () => {
      const { messages } = await client().stream(request({ text: "a b", fault, fault_after: 1 }));

      expect(nameOf(toResponse(messages[0]))).toBe("text_output");
      expect(look(toResponse(messages[1]))).toEqual(expected);
    });
  }

  test("sends a giant text", async () => {
    const [message] = await stream(request({ text: "a", fault: "giant", fault_bytes: 100_000 }));

    expect(message?.outputs["text_output"]?.[0]).toHaveLength(100_000);
  });

  test("tells its secrets when it breaks, in the way it is told whatever was asked for", async () => {
    const byMessage = await stream(request({ text: "a b", fault: "error-message", fault_after: 1 }), {
      metadata: { triton_grpc_error: "true" },
    });
    const byStatus = await stream(request({ text: "a b", fault: "status", fault_after: 1 }));

    expect(byMessage[0]?.outputs["text_output"]).toEqual(["a"]);
    expect(byMessage[1]?.error).toStartWith("worker 10.20.30.40:8100 crashed in /srv/models/secret.gguf");
    expect(byStatus[1]?.error).toStartWith("13 worker 10.20.30.40:8100");
  });

  test("ends without an end", async () => {
    const messages = await stream(request({ text: "a b", fault: "end", fault_after: 1 }));

    expect(messages).toMatchObject([{ outputs: { text_output: ["a"] }, final: false }]);
  });

  test("cuts the connection after exactly the messages it was told", async () => {
    const messages = await stream(request({ text: "a b c", fault: "drop", fault_after: 2 }));

    expect(messages.map(({ outputs }) => outputs["text_output"]?.[0])).toEqual(["a", " b", undefined]);
    expect(messages[2]?.error).toStartWith("14 ");
  });

  test("follows the test's directive until it ends", async () => {
    await server().fault({ text: "told", fault: "end", fault_after: 1 }, "vllm_model");
    const during = await stream(asking("hi"));
    await server().fault(undefined);
    const after = await stream(asking('@reply {"text": "own"}'));

    expect(during).toMatchObject([{ outputs: { text_output: ["told"] } }]);
    expect(after).toMatchObject([{ outputs: { text_output: ["own"] }, final: true }]);
  });

  test("waits for the test before each message", async () => {
    await server().reset();
    const answer = stream(request({ text: "a b", gated: true }));
    await server().release("vllm_model");
    const [running] = await server().waitFor(
      { rpc: "ModelStreamInfer", outcome: "running" },
      { messages: 1 },
    );
    await server().release("vllm_model");

    expect(running?.messages).toBe(1);
    expect(await answer).toHaveLength(2);
  });

  test("goes down and comes back on its port", async () => {
    await server().down();
    const down = await client().call("ServerLive");
    await server().up();
    const fresh = await startClient(server().endpoint);

    expect(down).toMatchObject({ code: 14 });
    expect(fresh).toBe("connected");
  });
});

describePython("a look-alike that keeps its doors", () => {
  const { client, stream } = serveLookAlike({
    models: [{ dialect: "vllm" }],
    requireHeader: { name: "triton-grpc-protocol-key", value: "secret", groups: ["inference"] },
  });

  test("asks for a header in the groups that are restricted", async () => {
    const refused = await stream(asking("hi"));
    const taken = await stream(asking("hi"), { metadata: { "triton-grpc-protocol-key": "secret" } });

    expect(refused).toMatchObject([
      { error: "14 This protocol is restricted, expecting header 'triton-grpc-protocol-key'" },
    ]);
    expect(taken.at(-1)).toMatchObject({ final: true });
    expect(await client().call("ServerLive")).toEqual({ live: true });
  });
});

describePython("a look-alike with TLS", () => {
  let authority: Authority;
  beforeAll(() => {
    authority = createAuthority();
  });
  afterAll(() => authority.remove());

  test("takes clients that trust it, and with an authority for clients only those it knows", async () => {
    const own = authority.issue({ names: "DNS:localhost,IP:127.0.0.1" });
    const theirs = authority.issue({ names: "DNS:client" });
    const files = { cert: own.certificateFile, key: own.keyFile };
    const trust = Buffer.from(authority.certificate);
    const known = credentials.createSsl(trust, Buffer.from(theirs.key), Buffer.from(theirs.certificate));
    const open = await startLookAlike({ models: [{ dialect: "vllm" }], tls: files });
    const mutual = await startLookAlike({
      models: [{ dialect: "vllm" }],
      tls: { ...files, clientCa: authority.certificateFile },
    });

    const outcomes = await Promise.all([
      startClient(open.endpoint, credentials.createSsl(trust)),
      startClient(open.endpoint, credentials.createSsl()),
      startClient(mutual.endpoint, known),
    ]);
    await open.close();
    await mutual.close();

    expect(outcomes).toEqual(["connected", "refused", "connected"]);
  });
});

/** A length of 0xFFFFFF before five bytes. */
const lyingPrefix = Uint8Array.of(0xff, 0xff, 0xff, 0, ...new TextEncoder().encode("word "));

/** Whether a new connection answers `ServerLive`. */
function startClient(
  endpoint: string,
  trust = credentials.createInsecure(),
): Promise<"connected" | "refused"> {
  // An address is no server name, and Bun takes none for one.
  const client = new Client(endpoint, trust, { "grpc.ssl_target_name_override": "localhost" });
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      "/inference.GRPCInferenceService/ServerLive",
      (bytesOut: Buffer) => bytesOut,
      (bytesIn) => bytesIn,
      Buffer.alloc(0),
      (error) => {
        client.close();
        resolve(error === null ? "connected" : "refused");
      },
    );
  });
}

function request(directive: ReplyDirective, ...more: readonly Fields[]): Fields {
  return asking(`@reply ${JSON.stringify(directive)}`, ...more);
}

function asking(prompt: string, ...more: readonly Fields[]): Fields {
  return { modelName: "vllm_model", inputs: [bytes("text_input", prompt), bool("stream", true), ...more] };
}

function toResponse(message: Fields | undefined): Fields {
  const response = message?.["inferResponse"];
  return typeof response === "object" && response !== null ? { ...response } : {};
}

function firstOutput(response: Fields): Fields {
  const first = listOf(response["outputs"])[0];
  return typeof first === "object" && first !== null ? { ...first } : {};
}

function nameOf(response: Fields): unknown {
  return firstOutput(response)["name"];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
