"""Models of Triton's Python backend that follow nobody's layout."""

from served import Message, Served, optional
from speech import steps, whole
from tensors import Spec, text


class Generic(Served):
    backend = "python"
    flags_only = True
    inputs = [
        Spec("prompt", "BYTES", [1]),
        *optional("INT32", "max_tokens"),
        *optional("FP32", "temperature"),
        *optional("BOOL", "stream"),
    ]
    outputs = [Spec("output", "BYTES", [-1])]
    text_output = "output"

    async def run(self, call):
        plans = call.plans(call.text("prompt"), {"max_tokens": call.first("max_tokens")})
        if not call.first("stream", False):
            yield Message([text("output", (await whole(call, plans)).texts[0])], True)
            return
        async for step in steps(call, plans):
            yield Message([text("output", step.texts[0])], step.last)


class MockLlm(Served):
    """The model of Triton's own tests: rank 2, though it has no batches."""

    backend = "python"
    flags_only = True
    inputs = [
        Spec("PROMPT", "BYTES", [1, 1]),
        Spec("STREAM", "BOOL", [1, 1]),
        *optional("INT32", "input_ids", dims=[1, -1]),
    ]
    outputs = [Spec("TEXT", "BYTES", [1, -1])]
    text_output = "TEXT"

    async def run(self, call):
        plans = call.plans(call.text("PROMPT"), {})
        if not call.first("STREAM", False):
            yield Message([text("TEXT", (await whole(call, plans)).texts[0], shape=[1, 1])], True)
            return
        async for step in steps(call, plans):
            yield Message([text("TEXT", step.texts[0], shape=[1, 1])], step.last)
