"""What users of Anthropic's client do with messages, each as one function."""

import anthropic
from anthropic import beta_tool
from pydantic import BaseModel

from calls import serve


class Place(BaseModel):
    city: str


@beta_tool
def forecast(city: str) -> str:
    """Weather to come."""
    return f"sunny in {city}"


def base_url(options: dict) -> str:
    return options["base_url"].removesuffix("/v1")


def settings(options: dict) -> dict:
    return {"base_url": base_url(options), "api_key": "unused", "max_retries": options.get("max_retries", 0)}


def client(options: dict) -> anthropic.Anthropic:
    return anthropic.Anthropic(**settings(options))


def body(options: dict) -> dict:
    messages = [{"role": "user", "content": options["question"]}]
    more = {"extra_body": {"temperature": options["temperature"]}} if "temperature" in options else {}
    return {"model": options["model"], "max_tokens": 1000, "messages": messages, **more}


def text_of(message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def text(options: dict):
    return text_of(client(options).messages.create(**body(options)))


async def streaming(options: dict):
    async with anthropic.AsyncAnthropic(**settings(options)) as asynchronous:
        async with asynchronous.messages.stream(**body(options)) as stream:
            return [piece async for piece in stream.text_stream]


def tools(options: dict):
    return text_of(client(options).beta.messages.tool_runner(**body(options), tools=[forecast]).until_done())


def streamed_tools(options: dict):
    runner = client(options).beta.messages.tool_runner(**body(options), tools=[forecast], stream=True)
    last = None
    for stream in runner:
        last = stream.get_final_message()
    return text_of(last)


def structured(options: dict):
    return client(options).messages.parse(**body(options), output_format=Place).parsed_output.model_dump()


def reasoning(options: dict):
    said = {"reasoning": "", "text": ""}
    with client(options).messages.stream(**body(options), thinking={"type": "adaptive"}) as stream:
        for event in stream:
            if event.type == "thinking":
                said["reasoning"] += event.thinking
            elif event.type == "text":
                said["text"] += event.text
    return said


def abort(options: dict):
    with client(options).messages.create(**body(options), stream=True) as stream:
        for event in stream:
            if event.type == "content_block_delta" and event.delta.text == "two ":
                break


def converse(options: dict):
    request = body(options)
    first = client(options).messages.create(**request)
    request["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": options["next"]},
    ]
    return text_of(client(options).messages.create(**request))


def create(options: dict):
    return client(options).messages.create(**options["body"]).model_dump(mode="json")


async def create_async(options: dict):
    async with anthropic.AsyncAnthropic(**settings(options)) as asynchronous:
        return (await asynchronous.messages.create(**options["body"])).model_dump(mode="json")


def stream_events(options: dict):
    with client(options).messages.stream(**options["body"]) as stream:
        events = [event.type for event in stream]
        return {"events": events, "message": stream.get_final_message().model_dump(mode="json")}


def raw_events(options: dict):
    with client(options).messages.create(**options["body"], stream=True) as stream:
        return [event.model_dump(mode="json") for event in stream]


def count(options: dict):
    return client(options).messages.count_tokens(**options["body"]).input_tokens


def models(options: dict):
    found = client(options)
    listed = [model.id for model in found.models.list(limit=1)]
    return {"listed": listed, "one": found.models.retrieve(listed[0]).model_dump(mode="json")}


serve(text, streaming, tools, streamed_tools, structured, reasoning, abort, converse, create, create_async, stream_events, raw_events, count, models)
