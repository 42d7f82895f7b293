"""A Completions model of Dynamo's KServe frontend: nothing but the prompt and whether to stream."""

import model
from served import Message, Served, optional
from speech import steps, whole
from tensors import Spec, text

NAMES = ("text_input", "stream", "streaming")


class Dynamo(Served):
    """Options: `maxTokens`, the server's own limit, which no request can change."""

    platform = "dynamo"
    backend = "dynamo"
    inputs = [Spec("text_input", "BYTES", [1]), *optional("BOOL", "streaming")]
    outputs = [Spec("text_output", "BYTES", [-1]), Spec("finish_reason", "BYTES", [-1])]

    async def run(self, call):
        streams = call.first("streaming", call.first("stream", False))
        if streams and call.rpc == "ModelInfer":
            raise model.ModelFailure("Streaming is not supported by ModelInfer", "INVALID_ARGUMENT")
        plans = call.plans(call.text("text_input"), {"max_tokens": self.options.get("maxTokens")})
        if not streams:
            answer = await whole(call, plans)
            yield _message(answer.texts[0], answer.finishes[0], True)
            return
        async for step in steps(call, plans):
            yield _message(step.texts[0], step.finishes[0], step.last)


def _message(said: bytes, finish: str | None, last: bool) -> Message:
    return Message([text("text_output", said), text("finish_reason", (finish or "").encode())], last)
