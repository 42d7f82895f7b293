"""Serves functions to a test: one JSON line in, one JSON line out, one call at a time. The first
line out says that it is ready.

    {"call": "text", "options": {"base_url": "...", "model": "...", "question": "..."}}
"""

import asyncio
import inspect
import json
import sys


def serve(*functions) -> None:
    """Reads calls until the input ends. Functions take the options and give JSON; they may be coroutines."""
    by_name = {function.__name__: function for function in functions}
    print("ready", flush=True)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            task = json.loads(line)
            try:
                value = by_name[task["call"]](task["options"])
                outcome = {"value": runner.run(value) if inspect.iscoroutine(value) else value}
            except Exception as error:
                outcome = {"error": describe(error)}
            print(json.dumps(outcome), flush=True)


def describe(error: Exception) -> dict:
    return {
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "type": getattr(error, "type", None),
        "param": getattr(error, "param", None),
        "requestId": getattr(error, "request_id", None),
    }
