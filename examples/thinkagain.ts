// A graph of one step as a model. It needs no model behind it, and no key.
//
//   oai-serve --agent examples/thinkagain.ts --port 8000
import { createRegistry, END, Graph, type GraphContext } from "oai-serve";

class MyWorker {
  run(ctx: GraphContext) {
    ctx.response = `Response to: ${ctx.userQuery}`;
  }
}

const graph = new Graph({ name: "my_graph" });
graph.addNode("worker", new MyWorker());
graph.addEdge("worker", END);

export const registry = createRegistry();
registry.register("my-model", graph, { default: true });
