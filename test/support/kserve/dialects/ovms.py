"""OpenVINO Model Server's Python LLM demo: a graph whose outputs come one a message."""

import model
from served import Message, Served
from speech import steps, whole
from tensors import Output, Spec, text


class Ovms(Served):
    """Options: `datatype` of the completion ("BYTES", or "UINT8" with as many elements as bytes)."""

    platform = "OpenVINO"
    # A graph declares names only.
    inputs = [Spec("pre_prompt", "INVALID", [])]
    outputs = [Spec("completion", "INVALID", []), Spec("token_count", "INVALID", []), Spec("end_signal", "INVALID", [])]
    text_output = "completion"

    async def run(self, call):
        if "pre_prompt" not in call.values:
            raise model.ModelFailure("Mediapipe graph input pre_prompt is missing", "INVALID_ARGUMENT")
        plans = call.plans(call.text("pre_prompt"), {})
        count = 0
        if call.rpc == "ModelInfer":
            answer = await whole(call, plans)
            yield Message([self._completion(answer.texts[0]), _count(len(answer.tokens[0]))], True)
            return
        async for step in steps(call, plans):
            count += len(step.tokens[0])
            yield Message([self._completion(step.texts[0])])
        yield Message([_count(count)])
        yield Message([text("end_signal", b"", shape=[1])._replace(prefixed=False)])

    def _completion(self, said: bytes) -> Output:
        if self.options.get("datatype") == "UINT8":
            return Output("completion", "UINT8", [len(said)], list(said))
        return Output("completion", "BYTES", [1], [said], prefixed=False)


def _count(count: int) -> Output:
    return Output("token_count", "INT32", [1], [count])
