/** Runs of agents that are wrong in all ways, as source, by the name of the agent. */
export const throwing: Readonly<Record<string, string>> = {
  "throws-an-error": "() => { throw new Error('secret detail'); }",
  "throws-a-text": "() => { throw 'secret detail'; }",
  "throws-null": "() => { throw null; }",
  "throws-nothing": "async () => { throw undefined; }",
  "throws-an-object": "() => { throw Object.freeze({ message: 'secret detail' }); }",
  "throws-a-circle": "() => { const error = new Error('secret detail'); error.cause = error; throw error; }",
  "throws-what-throws":
    "() => { throw new Proxy({}, { get() { throw 'secret detail'; }, getPrototypeOf() { throw 'secret detail'; } }); }",
  "throws-an-unreadable-error":
    "() => { const error = new Error(); Object.defineProperty(error, 'stack', { get() { throw 'secret detail'; } }); throw error; }",
  "throws-late": "async function* () { yield* []; throw null; }",
  "rejects-with-a-symbol": "() => Promise.reject(Symbol('secret detail'))",
};

export const garbage: Readonly<Record<string, string>> = {
  "yields-a-number": "async function* () { yield 5; }",
  "yields-null": "async function* () { yield null; }",
  "yields-nothing": "function* () { yield undefined; }",
  "yields-a-symbol": "async function* () { yield Symbol('secret detail'); }",
  "yields-a-function": "async function* () { yield () => 'secret detail'; }",
  "yields-an-unknown-event": "async function* () { yield { type: 'image', url: 'secret detail' }; }",
  "yields-an-event-without-text": "async function* () { yield { type: 'text', text: { a: 1 } }; }",
  "yields-arguments-without-a-call":
    "async function* () { yield { type: 'tool-call-delta', arguments: '{}' }; }",
  "yields-an-array-in-itself": "async function* () { const a = []; a.push(a); yield a; }",
  "yields-what-throws": "async function* () { yield new Proxy({}, { get() { throw 'secret detail'; } }); }",
  "yields-circular-metadata":
    "async function* () { const fields = {}; fields.it = fields; yield { type: 'metadata', fields }; }",
  "yields-circular-arguments":
    "async function* () { const args = {}; args.it = args; yield { type: 'tool-call', name: 'f', arguments: args }; }",
  "yields-a-wrong-usage": "async function* () { yield { type: 'usage', usage: { promptTokens: NaN } }; }",
  "answers-a-circle": "() => { const circle = {}; circle.it = circle; return circle; }",
  "answers-a-bigint": "() => ({ count: 1n })",
  "answers-a-function": "() => () => 'secret detail'",
  "answers-what-throws": "() => ({ toJSON() { throw 'secret detail'; } })",
  "answers-a-broken-iterator": "() => ({ [Symbol.asyncIterator]: () => ({ next: () => null }) })",
  "answers-no-iterator": "() => ({ [Symbol.asyncIterator]: () => null })",
};

/** Agents that never end. `globalThis.ended` counts those whose end was asked for and came. */
export const unending: Readonly<Record<string, string>> = {
  endless: ending("for (;;) { yield 'x'.repeat(100_000); await pause(); }"),
  "endless-without-a-pause": ending("for (;;) yield 'x'.repeat(1_000);"),
  "endless-reasoning": ending("for (;;) yield { type: 'reasoning', text: 'x'.repeat(1_000) };"),
  "endless-calls": ending(
    "for (;;) yield { type: 'tool-call', name: 'f', arguments: JSON.stringify({ a: 'x'.repeat(1_000) }) };",
  ),
};

/** Of these nothing is ever heard. */
export const silent: Readonly<Record<string, string>> = {
  "never-answers": "() => new Promise(() => {})",
  "never-begins": "async function* () { await new Promise(() => {}); }",
  "says-only-nothing": "async function* () { for (;;) yield ''; }",
  "shows-steps-to-nobody": "async function* () { for (;;) yield { type: 'step', text: 'x' }; }",
  "is-a-promise-that-never-is": "() => ({ then() {} })",
};

export const others: Readonly<Record<string, string>> = {
  echo: "({ userQuery }) => userQuery",
  "stops-in-the-middle": "async function* () { yield 'so'; await new Promise(() => {}); }",
  "spells-slowly": `async function* ({ userQuery }) {
    globalThis.begun = (globalThis.begun ?? 0) + 1;
    try { for (const letter of userQuery) { yield letter; await pause(); } }
    finally { globalThis.spelled = (globalThis.spelled ?? 0) + 1; }
  }`,
  begun: "() => String(globalThis.begun ?? 0)",
  spelled: "() => String(globalThis.spelled ?? 0)",
  ended: "() => String(globalThis.ended ?? 0)",
};

/** A file of agents. */
export function sourceOf(runs: Readonly<Record<string, string>>): string {
  const agents = Object.entries(runs).map(
    ([name, run], index) =>
      `export const agent${index} = defineAgent({ name: ${JSON.stringify(name)}, run: ${run} });\n`,
  );
  return `import { defineAgent } from "oai-serve";
const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
${agents.join("")}`;
}

function ending(body: string): string {
  return `async function* () { try { ${body} } finally { globalThis.ended = (globalThis.ended ?? 0) + 1; } }`;
}
