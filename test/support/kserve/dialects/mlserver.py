"""MLServer: a text runtime of one's own, and the HuggingFace runtime; and a model of KServe's Python server."""

import json

from model import ModelFailure
from served import Message, Served, optional
from speech import steps, whole
from tensors import Output, Spec, text


class MlserverText(Served):
    """Reads its settings from inputs or request parameters, and takes any others without a word.

    Options: `metadata` false leaves the tensors out of the metadata, as a model without declared inputs does.
    """

    inputs = [Spec("prompt", "BYTES", [1])]
    outputs = [Spec("output", "BYTES", [1])]
    text_output = "output"

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.version = options.get("version", "")
        if options.get("metadata") is False:
            self.inputs, self.outputs = [], []

    async def run(self, call):
        if "prompt" not in call.values:
            raise ModelFailure("the input prompt is missing", "INVALID_ARGUMENT")
        stop = call.texts("stop") or call.parameters.get("stop", [])
        settings = {
            "max_tokens": call.first("max_tokens", call.parameters.get("max_tokens")),
            "stop": [stop] if isinstance(stop, str) else stop,
        }
        plans = call.plans(call.text("prompt"), settings)
        if call.rpc == "ModelInfer":
            yield Message([_output((await whole(call, plans)).texts[0])], True)
            return
        async for step in steps(call, plans):
            yield Message([_output(step.texts[0])], step.last)


class KserveText(Served):
    inputs = [Spec("text_input", "BYTES", [1]), *optional("INT32", "max_tokens")]
    outputs = [Spec("text_output", "BYTES", [1])]

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.version = options.get("version", "")

    async def run(self, call):
        plans = call.plans(call.text("text_input"), {"max_tokens": call.first("max_tokens")})
        yield Message([text("text_output", (await whole(call, plans)).texts[0])], True)


class MlserverHuggingFace(Served):
    """The text-generation task: texts repeat the prompt unless `return_full_text` is false; one answer a stream."""

    platform = "huggingface"
    inputs = [Spec("args", "BYTES", [1])]
    outputs = [Spec("output", "BYTES", [1])]
    text_output = "output"

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.version = options.get("version", "")

    async def run(self, call):
        if "args" not in call.values and "array_inputs" not in call.values:
            raise ModelFailure("missing the prompt in args or array_inputs", "INVALID_ARGUMENT")
        answers = []
        for prompt in call.texts("args") or call.texts("array_inputs"):
            plans = call.plans(prompt, {"max_tokens": call.first("max_new_tokens")})
            said = (await whole(call, plans)).texts[0].decode("utf-8", "replace")
            full = said if call.first("return_full_text", True) in (False, 0, b"false") else prompt + said
            answers.append(json.dumps({"generated_text": full}).encode())
        shape = [len(answers), 1]
        yield Message([Output("output", "BYTES", shape, answers, parameters={"content_type": "hg_jsonlist"})], True)


def _output(said: bytes) -> Output:
    return text("output", said, shape=[1, 1])._replace(parameters={"content_type": "str"})
