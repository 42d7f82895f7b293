import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { nodeGenerations } from "../support/clients/node.ts";
import { pythonGenerations, startPython, type PythonClient } from "../support/clients/python.ts";
import { expectError } from "../support/expectations.ts";
import type { ChatBody, ModelBody } from "../support/openai-wire.ts";
import { user } from "../support/openai-wire.ts";
import { describeBlackBox } from "../support/prerequisites.ts";
import { post, send } from "../support/wire.ts";
import { modelIds, startBed, type Bed } from "./bed.ts";

describeBlackBox("B. Models", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(() => bed.stop());

  test("23: the list holds every model, each with its four keys, and does not change", async () => {
    const first = await send<{ object: string; data: ModelBody[] }>(`${bed.url}/models`);
    const second = await send(`${bed.url}/models`);

    expect(first.json.object).toBe("list");
    expect(first.json.data.map((model) => model.id).toSorted()).toEqual(modelIds.toSorted());
    for (const model of first.json.data) {
      expect(model.object).toBe("model");
      expect(model.owned_by).toBeString();
      expect(model.created).toBeInteger();
    }
    expect(second.json).toEqual(first.json);
  });

  test("24: one model is the object of the list", async () => {
    const list = await send<{ data: ModelBody[] }>(`${bed.url}/models`);
    const model = await send<ModelBody>(`${bed.url}/models/echo`);

    expect(model.status).toBe(200);
    expect(list.json.data).toContainEqual(model.json);
  });

  for (const path of ["/models/org%2Fecho", "/models/org/echo"]) {
    test(`25: ${path} is the model org/echo`, async () => {
      const answer = await send<ModelBody>(bed.url + path);

      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ id: "org/echo", object: "model" });
    });
  }

  test("25: a model with a slash in its id answers under that id", async () => {
    const answer = await post<ChatBody>(`${bed.url}/chat/completions`, { model: "org/echo", ...user("hi") });

    expect(answer.json).toMatchObject({ model: "org/echo", choices: [{ message: { content: "hi" } }] });
  });

  for (const id of ["none", "org/none", "%00", "..%2F..%2Fetc%2Fpasswd"]) {
    test(`26: the model ${id} is 404`, async () => {
      expectError(await send(`${bed.url}/models/${id}`), {
        status: 404,
        code: "model_not_found",
        param: "model",
      });
    });
  }

  test("28: a model cannot be deleted", async () => {
    const answer = await send(`${bed.url}/models/echo`, { method: "DELETE" });

    expect([404, 405]).toContain(answer.status);
    expectError(answer, { status: answer.status });
    expect((await send(`${bed.url}/models/echo`)).status).toBe(200);
  });

  for (const { name, connect } of nodeGenerations) {
    test(`27: ${name} lists and retrieves`, async () => {
      const client = connect(bed.url);

      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      const one = await client.models.retrieve("org/echo");

      expect(ids.toSorted()).toEqual(modelIds.toSorted());
      expect(one.id).toBe("org/echo");
    });
  }

  for (const generation of pythonGenerations) {
    describe(`openai-python ${generation}`, () => {
      let python: PythonClient;
      beforeAll(async () => {
        python = await startPython(generation);
      });
      afterAll(() => python.stop());

      test("27: lists and retrieves", async () => {
        const list = await python.run<ModelBody[]>({ baseUrl: bed.url, call: "models.list", mode: "items" });
        const one = await python.run<ModelBody>({
          baseUrl: bed.url,
          call: "models.retrieve",
          arguments: { model: "org/echo" },
        });

        expect(list.map(({ id }) => id).toSorted()).toEqual(modelIds.toSorted());
        expect(one.id).toBe("org/echo");
      });
    });
  }
});
