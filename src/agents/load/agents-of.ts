import { basename } from "node:path";
import type { AgentRun } from "../kit/agent.ts";
import { defineAgent, isAgent } from "../kit/define-agent.ts";
import { isGraph } from "../kit/graph.ts";
import { describe } from "../kit/names.ts";
import { isRegistry } from "../kit/registry.ts";
import type { LoadedAgent } from "./loaded.ts";

/**
 * The agents among a module's exports: agents, registries, and arrays of both; as the default export also a function or
 * a graph, which is named after the file. Throws an `Error` for a default export with something else among its agents.
 */
export function agentsOf(file: string, exports: Readonly<Record<string, unknown>>): readonly LoadedAgent[] {
  return Object.entries(exports).flatMap(([name, value]) =>
    name === "default" ? ofDefault(value, file) : ofNamed(value, file),
  );
}

function ofDefault(value: unknown, file: string): LoadedAgent[] {
  if (!Array.isArray(value)) return ofOne(value, file) ?? [];
  return value.flatMap((element: unknown, index) => {
    const agents = isAgent(element) || isRegistry(element) ? ofOne(element, file) : undefined;
    if (agents !== undefined) return agents;
    throw new Error(`element ${index} of its default export is no agent, but ${describe(element)}.`);
  });
}

/** What a file exports besides may be anything. */
function ofNamed(value: unknown, file: string): LoadedAgent[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values
    .filter((element) => isAgent(element) || isRegistry(element))
    .flatMap((element) => ofOne(element, file) ?? []);
}

function ofOne(value: unknown, file: string): LoadedAgent[] | undefined {
  if (isRegistry(value)) return Array.from(value, (registration) => ({ ...registration, file }));
  const agent = isAgent(value)
    ? value
    : isGraph(value) || isRun(value)
      ? defineAgent({ name: nameOf(file), run: value })
      : undefined;
  return agent && [{ agent, id: agent.name, isDefault: false, isPrivate: false, file }];
}

function isRun(value: unknown): value is AgentRun {
  return typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value));
}

function nameOf(file: string): string {
  return basename(file).replace(/\.\w+$/, "");
}
