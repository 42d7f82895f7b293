import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "@sinclair/typebox";
import type { TypeBuilder } from "../../../src/agents/kit/type-builder.ts";
import { generateDeclarations } from "../../../scripts/declarations/generate.ts";

const root = join(import.meta.dir, "../../..");
const path = join(root, "src/agents/kit/declarations.txt");

test("the declarations are those of the kit as it is; UPDATE_GOLDEN=1 writes them again", () => {
  const generated = generateDeclarations();
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, generated);

  expect(readFileSync(path, "utf8")).toBe(generated);
});

test("programs that import the sources get the same types as agent files", () => {
  expect(typesIn("src/index.ts").length).toBeGreaterThan(30);
  expect(typesIn("src/index.ts")).toEqual(typesIn("scripts/declarations/public.ts"));
});

test("every builder that they declare is one of TypeBox", () => {
  const builders = {
    String: true,
    Number: true,
    Integer: true,
    Boolean: true,
    Null: true,
    Unknown: true,
    Literal: true,
    Union: true,
    Array: true,
    Tuple: true,
    Object: true,
    Record: true,
    Optional: true,
    Unsafe: true,
  } satisfies Record<keyof TypeBuilder, true>;

  expect(Object.keys(builders).filter((name) => typeof Reflect.get(Type, name) !== "function")).toEqual([]);
});

/** Files of agents as people write them; each must compile. */
const good: Readonly<Record<string, string>> = {
  "function.ts": `
    import { defineAgent, reply } from "oai-serve";
    export default defineAgent({
      name: "echo",
      async *run({ userQuery, params, messages, tools, conversation, log }) {
        log.info("asked", { turns: messages.length, conversation: conversation?.id });
        const temperature: number | undefined = params.temperature;
        yield \`You said \${userQuery.toUpperCase()} at \${temperature ?? 1}\`;
        yield [{ type: "step", text: "thinking" }, { type: "reasoning", text: "so" }];
        for (const tool of tools) yield { type: "tool-call", name: tool.name, arguments: { a: 1 } };
      },
    });
    export const other = defineAgent({ name: "other", run: () => reply({ refusal: "No." }) });
    export const plain = defineAgent({ name: "plain", run: async () => ({ any: "thing" }) });
  `,
  "generate.ts": `
    import { type AgentContext, defineAgent } from "oai-serve";
    async function run(context: AgentContext) {
      const draft: string = await context.generate({ model: "small", messages: "Write." }).text();
      const { usage, iterations } = await context.generate({ messages: context.messages }).result();
      if (usage.promptTokens > iterations) return draft;
      return context.generate({ system: draft, tools: ["calculator"], clientTools: context.tools });
    }
    export const agent = defineAgent({ name: "a", model: "gpt-4o-mini", run });
  `,
  "tools.ts": `
    import { defineAgent, type Static, tool, Type } from "oai-serve";
    const Trip = Type.Object({
      city: Type.String({ description: "Where to." }),
      days: Type.Optional(Type.Integer({ minimum: 1 })),
      kind: Type.Union([Type.Literal("work"), Type.Literal("fun")]),
      stops: Type.Array(Type.Tuple([Type.Number(), Type.Number()])),
    });
    const plan: Static<typeof Trip> = { city: "Oslo", kind: "fun", stops: [[1, 2]] };
    const trip = tool({
      name: "trip",
      parameters: Trip,
      timeoutMs: 500,
      async execute({ city, days = 1, kind, stops }, { signal, callId }) {
        signal.throwIfAborted();
        const first: number | undefined = stops[0]?.[0];
        const why: "work" | "fun" = kind;
        return { callId, first, why, text: city.toUpperCase() + days.toFixed(0) + plan.city };
      },
    });
    const loose = tool({
      name: "loose",
      parameters: { type: "object", properties: { a: { type: "string" } } },
      execute: (args) => String(args.a),
    });
    export default defineAgent({
      name: "traveller",
      model: "gpt-4o-mini",
      system: "Plan.",
      tools: [trip, loose, "current_time"],
      params: { temperature: 0.8, maxTokens: 1000 },
      agents: ["writer"],
      maxIterations: 5,
      parallel: false,
    });
  `,
  "graph.ts": `
    import { createRegistry, defineAgent, END, Graph, type GraphContext } from "oai-serve";
    class MyWorker {
      async arun(ctx: GraphContext) {
        ctx.response = \`Response to: \${ctx.userQuery}\`;
        ctx.anything = ctx.temperature;
        return ctx;
      }
    }
    const graph = new Graph({ name: "my_graph" });
    graph.addNode("worker", new MyWorker());
    graph.addEdge("worker", END);
    const counted = new Graph({ state: () => ({ count: 0 }), maxSteps: 10 })
      .addNode("count", (ctx) => { ctx.state.count += 1; })
      .addNode("inner", graph)
      .addNode("say", async function* (ctx) { yield ctx.response.length + ctx.state.count.toFixed(0); })
      .addConditionalEdge("count", (ctx) => (ctx.state.count > 2 ? "inner" : "count"), ["inner", "count"])
      .addEdge("inner", "say")
      .addEdge("say", END);
    export const registry = createRegistry();
    registry.register("my-model", graph, { default: true }).register("counted", counted);
    registry.register("plain", () => "Hello", { private: true });
    registry.register("agent", defineAgent({ name: "x", run: counted }));
  `,
  "server.ts": `
    import { createRegistry, createServer } from "oai-serve";
    const server = createServer(createRegistry().register("echo", ({ userQuery }) => userQuery));
    const { url, close } = await server.listen({ port: 0 });
    await close().then(() => url.length);
  `,
};

/** Mistakes that an editor has to show: the line after each mark must not compile. */
const bad = `
  import { createServer, defineAgent, Graph, tool, Type } from "oai-serve";
  // @ts-expect-error: neither run nor model
  defineAgent({ name: "a" });
  // @ts-expect-error: no such field
  defineAgent({ name: "a", model: "m", instructions: "x" });
  // @ts-expect-error: no such param
  defineAgent({ name: "a", model: "m", params: { max_tokens: 5 } });
  // @ts-expect-error: the argument is a text
  tool({ name: "a", parameters: Type.Object({ city: Type.String() }), execute: ({ city }) => city.toFixed() });
  // @ts-expect-error: the argument may be absent
  tool({ name: "a", parameters: Type.Object({ city: Type.Optional(Type.String()) }), execute: ({ city }) => city.length });
  // @ts-expect-error: no such argument
  tool({ name: "a", parameters: Type.Object({ city: Type.String() }), execute: ({ town }) => town });
  // @ts-expect-error: no node
  new Graph().addNode("a", 5);
  // @ts-expect-error: internal
  new Graph().toPlan();
  // @ts-expect-error: no registry
  createServer([]);
  export {};
`;

const compilers = {
  "TypeScript 5.9": [process.execPath, join(root, "node_modules/typescript-5/bin/tsc")],
  "TypeScript 7": [join(root, "node_modules/.bin/tsc")],
};

describe("in a folder with nothing installed", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "oai-serve-types-"));
    writeFileSync(join(folder, "oai-serve.d.ts"), readFileSync(path));
    writeFileSync(join(folder, "bad.ts"), bad);
    for (const [name, text] of Object.entries(good)) writeFileSync(join(folder, name), text);
    const compilerOptions = {
      target: "esnext",
      module: "preserve",
      moduleDetection: "force",
      lib: ["esnext", "dom"],
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  for (const [name, command] of Object.entries(compilers)) {
    test(`agents compile with ${name}, and mistakes do not`, () => {
      const { stdout, exitCode } = Bun.spawnSync([...command, "-p", "."], { cwd: folder });

      expect(stdout.toString()).toBe("");
      expect(exitCode).toBe(0);
    });
  }
});

/** Names in the lists of exported types of a source file. */
function typesIn(file: string): string[] {
  return [...readFileSync(join(root, file), "utf8").matchAll(/^export type \{([^}]*)\}/gm)]
    .flatMap(([, names = ""]) => names.split(",").map((name) => name.trim()))
    .filter((name) => name !== "")
    .toSorted();
}
