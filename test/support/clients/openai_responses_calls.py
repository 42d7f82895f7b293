"""What users of openai-python do with responses and conversations, each as one function."""

import json

import openai
from pydantic import BaseModel

from calls import serve


class Place(BaseModel):
    city: str


def forecast(city: str) -> str:
    return f"sunny in {city}"


TOOL = openai.pydantic_function_tool(Place, name="forecast", description="Weather to come.")["function"]


def client(options: dict) -> openai.OpenAI:
    return openai.OpenAI(base_url=options["base_url"], api_key="unused", max_retries=0)


def body(options: dict) -> dict:
    more = {"temperature": options["temperature"]} if "temperature" in options else {}
    return {"model": options["model"], "input": options["question"], **more}


def text(options: dict):
    return client(options).responses.create(**body(options)).output_text


def streaming(options: dict):
    with client(options).responses.stream(**body(options)) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == "".join(pieces)
        return pieces


def run_tools(options: dict, send):
    tool = {"type": "function", **TOOL}
    items = [{"role": "user", "content": options["question"]}]
    first = send(model=options["model"], input=items, tools=[tool])
    items += first.output
    for item in first.output:
        if item.type == "function_call":
            result = forecast(**json.loads(item.arguments))
            items.append({"type": "function_call_output", "call_id": item.call_id, "output": result})
    return send(model=options["model"], input=items, tools=[tool]).output_text


def tools(options: dict):
    return run_tools(options, client(options).responses.create)


def streamed_tools(options: dict):
    def send(**request):
        with client(options).responses.stream(**request) as stream:
            return stream.get_final_response()

    return run_tools(options, send)


def structured(options: dict):
    return client(options).responses.parse(**body(options), text_format=Place).output_parsed.model_dump()


def reasoning(options: dict):
    with client(options).responses.stream(**body(options)) as stream:
        answer = stream.get_final_response()
    thoughts = [part.text for item in answer.output if item.type == "reasoning" for part in parts(item)]
    return {"reasoning": "".join(thoughts), "text": answer.output_text}


def parts(item):
    return [*item.summary, *(item.content or [])]


def abort(options: dict):
    with client(options).responses.create(**body(options), stream=True) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                break


def previous_response_id(options: dict):
    create = client(options).responses.create
    first = create(**body(options))
    return create(model=options["model"], input=options["next"], previous_response_id=first.id).output_text


def conversation(options: dict):
    conversation = client(options).conversations.create()
    create = client(options).responses.create
    create(**body(options), conversation=conversation.id)
    return create(model=options["model"], input=options["next"], conversation=conversation.id).output_text


def echoed(options: dict):
    create = client(options).responses.create
    first = create(**body(options), store=False)
    items = [{"role": "user", "content": options["question"]}, *first.output]
    items.append({"role": "user", "content": options["next"]})
    return create(model=options["model"], input=items, store=False).output_text


serve(text, streaming, tools, streamed_tools, structured, reasoning, abort, previous_response_id, conversation, echoed)
