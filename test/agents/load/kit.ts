import { Type } from "@sinclair/typebox";
import { defineAgent } from "../../../src/agents/kit/define-agent.ts";
import { tool } from "../../../src/agents/kit/define-tool.ts";
import { Graph } from "../../../src/agents/kit/graph.ts";
import { END } from "../../../src/agents/kit/graph-plan.ts";
import { createRegistry } from "../../../src/agents/kit/registry.ts";
import { reply } from "../../../src/agents/kit/reply.ts";

/** What agent files of these tests import from "oai-serve". */
export const kit = { defineAgent, tool, Graph, END, reply, createRegistry, Type };
