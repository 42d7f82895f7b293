"""What users of openai-python do with chat completions, each as one function."""

import json

import openai
from pydantic import BaseModel

from calls import serve


class Place(BaseModel):
    city: str


def forecast(city: str) -> str:
    return f"sunny in {city}"


TOOL = {
    "type": "function",
    "function": {"name": "forecast", "description": "Weather to come.", "parameters": Place.model_json_schema()},
}


def completions(options: dict):
    return openai.OpenAI(base_url=options["base_url"], api_key="unused", max_retries=0).chat.completions


def body(options: dict) -> dict:
    messages = [{"role": "user", "content": options["question"]}]
    more = {"temperature": options["temperature"]} if "temperature" in options else {}
    return {"model": options["model"], "messages": messages, **more}


def text(options: dict):
    return completions(options).create(**body(options)).choices[0].message.content


def streaming(options: dict):
    with completions(options).stream(**body(options)) as stream:
        return [event.delta for event in stream if event.type == "content.delta"]


def run_tools(options: dict, send):
    request = {**body(options), "tools": [TOOL]}
    message = send(request)
    request["messages"].append(message)
    for call in message.tool_calls:
        result = forecast(**json.loads(call.function.arguments))
        request["messages"].append({"role": "tool", "tool_call_id": call.id, "content": result})
    return send(request).content


def tools(options: dict):
    return run_tools(options, lambda request: completions(options).create(**request).choices[0].message)


def streamed_tools(options: dict):
    def send(request):
        with completions(options).stream(**request) as stream:
            for _ in stream:
                pass
            return stream.get_final_completion().choices[0].message

    return run_tools(options, send)


def structured(options: dict):
    answer = completions(options).parse(**body(options), response_format=Place)
    return answer.choices[0].message.parsed.model_dump()


def reasoning(options: dict):
    said = {"reasoning": "", "text": ""}
    for chunk in completions(options).create(**body(options), stream=True):
        delta = chunk.choices[0].delta
        said["reasoning"] += getattr(delta, "reasoning_content", None) or ""
        said["text"] += delta.content or ""
    return said


def abort(options: dict):
    with completions(options).create(**body(options), stream=True) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content == "two ":
                break


serve(text, streaming, tools, streamed_tools, structured, reasoning, abort)
