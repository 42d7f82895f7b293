"""Runs calls of the openai package for a test: one JSON line in, one JSON line out, any number at once.

    {"id": 1, "base_url": "...", "call": "chat.completions.create", "arguments": {...}, "mode": "value"}

`mode` is `value` (one object), `items` (an iterable: a stream or a page), `text` (the text of a download) or `helper`
(the `.stream()` context manager: its event types and the final completion or response). Extra keys of the client come
in `options`; `{"file": ["name", "content"]}` stands for a file.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import openai

from calls import describe

_output = threading.Lock()


def run(task: dict) -> dict:
    options = {"api_key": "unused", "max_retries": 0, **task.get("options", {})}
    with openai.OpenAI(base_url=task["base_url"], **options) as client:
        method = client
        for name in task["call"].split("."):
            method = getattr(method, name)
        if isinstance(task["arguments"].get("file"), list):
            name, content = task["arguments"]["file"]
            task["arguments"]["file"] = (name, content.encode())
        if task["mode"] == "text":
            return method(**task["arguments"]).text
        if task["mode"] == "helper":
            with method(**task["arguments"]) as stream:
                events = [event.type for event in stream]
                final = getattr(stream, "get_final_response", None) or stream.get_final_completion
                return {"events": events, "final": dump(final())}
        result = method(**task["arguments"])
        return dump(result) if task["mode"] == "value" else [dump(item) for item in result]


def dump(value):
    return value.model_dump(mode="json", exclude_unset=True)


def answer(line: str) -> None:
    task = json.loads(line)
    try:
        outcome = {"value": run(task)}
    except Exception as error:
        outcome = {"error": describe(error)}
    with _output:
        print(json.dumps({"id": task["id"], **outcome}), flush=True)


with ThreadPoolExecutor(32) as pool:
    print(json.dumps({"version": openai.__version__}), flush=True)
    for text in sys.stdin:
        pool.submit(answer, text)
