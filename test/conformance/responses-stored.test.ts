import { beforeEach, expect, test } from "bun:test";
import { callText } from "../e2e/servers/tool-fixtures.ts";
import { expectError } from "../support/expectations.ts";
import { startGateway } from "../support/harness.ts";
import { type LookAlike, startLookAlike } from "../support/kserve/look-alike.ts";
import { type ResponseBody, type ResponseEvent, responseEvents } from "../support/response-events.ts";
import { type Answer, post, send } from "../support/wire.ts";
import { describeStores, type Subject } from "./stores.ts";

const weather = {
  type: "function",
  name: "get_weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const keys = ["sk-one", "sk-two"] as const;
const as = (key: string) => ({ authorization: `Bearer ${key}` });

interface StoredBed extends Subject {
  url: string;
  server: LookAlike;
}

/** The executable with two keys, before a model that answers as the test directs. */
async function start(store: string): Promise<StoredBed> {
  const server = await startLookAlike({ models: [{ dialect: "vllm" }] });
  const gateway = await startGateway({
    args: ["--store", store, ...keys.flatMap((key) => ["--api-key", key])],
    config: {
      backends: { triton: { kind: "kserve", endpoint: server.endpoint, template: "qwen" } },
      models: { model: { backend: "triton", target: "vllm_model" } },
    },
  });
  return {
    url: `${gateway.url}/v1`,
    server,
    async stop() {
      await gateway.stop();
      await server.close();
    },
  };
}

describeStores("H. Responses that are kept", start, (bed) => {
  const says = (text: string) => bed().server.fault({ text }, "vllm_model");
  const hangs = () => bed().server.fault({ pieces: ["one ", "two "], hang: true }, "vllm_model");
  const create = (body: object, key: string = keys[0]): Promise<Answer<ResponseBody>> =>
    post<ResponseBody>(`${bed().url}/responses`, { model: "model", input: "hi", ...body }, as(key));
  const call = <Body = ResponseBody>(path: string, method = "GET", key: string = keys[0]) =>
    send<Body>(`${bed().url}/responses/${path}`, { method, headers: as(key) });
  const promptOf = async (index: number) => {
    const calls = await bed().server.requests();
    return String(calls[index]?.inputs["text_input"]?.contents[0]);
  };
  beforeEach(async () => {
    await bed().server.reset();
    await says("hi");
  });

  for (const stream of [false, true]) {
    test(`111: the outcome of a call alone, in a chain, stream ${stream}`, async () => {
      await says(callText("get_weather", { city: "Paris" }));
      const called = (await create({ input: "weather?", tools: [weather] })).json;
      await says("done");

      const { text, json } = await create({
        tools: [weather],
        previous_response_id: called.id,
        input: [{ type: "function_call_output", call_id: called.output[0]?.call_id, output: "sunny" }],
        stream,
      });
      const response = stream ? responseEvents(text).at(-1)?.response : json;

      expect(response).toMatchObject({
        status: "completed",
        previous_response_id: called.id,
        output: [{ type: "message", content: [{ text: "done" }] }],
      });
      for (const said of ["weather?", "Paris", "sunny"]) expect(await promptOf(1)).toContain(said);
    });
  }

  test("112: from what is unknown, not kept, deleted or another's, nothing goes on", async () => {
    const unkept = (await create({ store: false })).json;
    const foreign = (await create({}, keys[1])).json;
    const deleted = (await create({})).json;
    await call(deleted.id, "DELETE");

    for (const id of ["resp_nobody", "nonsense", unkept.id, foreign.id, deleted.id]) {
      for (const stream of [false, true]) {
        expectError(await create({ previous_response_id: id, stream }), {
          status: 400,
          code: "previous_response_not_found",
          param: "previous_response_id",
        });
      }
    }
  });

  test("117: it is found, deleted, and gone; nobody else finds it", async () => {
    const created = (await create({ metadata: { a: "b" } })).json;

    const found = await call(created.id);
    const foreign = await call(created.id, "GET", keys[1]);
    const undeleted = await call(created.id, "DELETE", keys[1]);
    const unknown = await call("resp_nobody");
    const deleted = await call(created.id, "DELETE");

    expect(found.json).toEqual(created);
    for (const answer of [foreign, undeleted, unknown, await call(created.id)])
      expectError(answer, { status: 404, code: "not_found" });
    expect(unknown.text).toContain("Response with id 'resp_nobody' not found.");
    expect<object>(deleted.json).toEqual({ id: created.id, object: "response", deleted: true });
  });

  test("117: what follows from a deleted one is still there", async () => {
    const first = (await create({ input: "one" })).json;
    const second = (await create({ input: "two", previous_response_id: first.id })).json;
    await call(first.id, "DELETE");

    expect((await call(second.id)).json).toEqual(second);
    expect((await create({ input: "three", previous_response_id: second.id })).status).toBe(200);
    expect(await promptOf(2)).toContain("two");
  });

  test("118, 121: its input is listed, newest first, in pages, with any include", async () => {
    const { json } = await create({
      input: ["a", "b", "c"].map((content) => ({ role: "user", content })),
    });
    interface List {
      data: { id: string; content: { text: string }[] }[];
      first_id: string;
      last_id: string;
      has_more: boolean;
    }
    const list = async (query: string) => (await call<List>(`${json.id}/input_items${query}`)).json;
    const textsOf = ({ data }: List) => data.map(({ content }) => content[0]?.text);

    const all = await list("?include[]=a&include[]=b");
    const first = await list("?limit=2");
    const rest = await list(`?limit=2&after=${first.last_id}`);

    expect(textsOf(all)).toEqual(["c", "b", "a"]);
    expect([all.first_id, all.last_id]).toEqual([all.data[0]?.id ?? "", all.data[2]?.id ?? ""]);
    expect([all, first, rest].map((each) => each.has_more)).toEqual([false, true, false]);
    expect([textsOf(first), textsOf(rest)]).toEqual([["c", "b"], ["a"]]);
    expect(textsOf(await list("?order=asc"))).toEqual(["a", "b", "c"]);
  });

  test("119: in the background it is answered at once, polled to its end, and then too late to cancel", async () => {
    const created = (await create({ background: true })).json;

    expect(created).toMatchObject({ status: "queued", background: true, output: [] });
    const done = await ended(created.id);
    expect(done).toMatchObject({ status: "completed", output: [{ content: [{ text: "hi" }] }] });
    expect((await call(`${created.id}/cancel`, "POST")).json).toEqual(done);
  });

  test("119: one that runs is not gone on from; once cancelled, the model is left", async () => {
    await hangs();
    const { id } = (await create({ background: true })).json;
    await bed().server.waitFor({ model: "vllm_model" }, { messages: 2 });

    const early = await create({ previous_response_id: id });
    const cancelled = await call(`${id}/cancel`, "POST");
    const again = await call(`${id}/cancel`, "POST");

    expectError(early, { status: 400, param: "previous_response_id" });
    expect(cancelled.json).toMatchObject({ id, status: "cancelled" });
    expect(again.json.status).toBe("cancelled");
    expect((await call(id)).json.status).toBe("cancelled");
    expect(await bed().server.cancelled(1)).toHaveLength(1);
  });

  test("119: one in the foreground is not cancelled, nor one of another", async () => {
    const { id } = (await create({})).json;
    const background = (await create({ background: true }, keys[1])).json;

    expectError(await call(`${id}/cancel`, "POST"), { status: 400 });
    expectError(await call(`${background.id}/cancel`, "POST"), { status: 404, code: "not_found" });
  });

  test("128: in the background, its events are told from any of them on", async () => {
    const events = responseEvents((await create({ background: true, stream: true })).text);
    const id = events[0]?.response?.id;
    const again = async (after: number): Promise<ResponseEvent[]> =>
      responseEvents((await call(`${id}?stream=true&starting_after=${after}`)).text, after + 1);

    expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
      "response.created",
      "response.queued",
      "response.in_progress",
    ]);
    expect(await again(2)).toEqual(events.slice(3));
    expect(await again(events.length - 1)).toEqual([]);
  });

  async function ended(id: string): Promise<ResponseBody> {
    for (;;) {
      const { json } = await call(id);
      if (json.status !== "queued" && json.status !== "in_progress") return json;
    }
  }
});
