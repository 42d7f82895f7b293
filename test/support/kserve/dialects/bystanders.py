"""Models of a Triton repository that write no text, which discovery has to leave out or serve as what they are."""

import model
from served import Message, Served
from tensors import Output, Spec


class Preprocessing(Served):
    """The ensemble's tokenizer: text in, token ids out."""

    backend = "python"
    decoupled = False
    max_batch_size = 64
    inputs = [Spec("QUERY", "BYTES", [1]), Spec("REQUEST_OUTPUT_LEN", "INT32", [1])]
    outputs = [Spec("INPUT_ID", "INT32", [-1]), Spec("REQUEST_INPUT_LEN", "INT32", [1])]
    text_output = "INPUT_ID"

    async def run(self, call):
        ids = [model.token_id(token) for token in model.to_tokens(call.text("QUERY"))]
        yield Message(
            [Output("INPUT_ID", "INT32", [1, len(ids)], ids), Output("REQUEST_INPUT_LEN", "INT32", [1, 1], [len(ids)])],
            True,
        )


class Embedding(Served):
    """Options: `maxBatchSize` (0), `dimensions` (16)."""

    backend = "python"
    decoupled = False
    inputs = [Spec("text", "BYTES", [1])]
    text_output = "embedding"

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.max_batch_size = options.get("maxBatchSize", 0)
        self._dimensions = options.get("dimensions", model.EMBEDDING_SIZE)
        self.outputs = [Spec("embedding", "FP32", [self._dimensions])]

    async def run(self, call):
        numbers = [number for value in call.texts("text") for number in model.embedding(value, self._dimensions)]
        batch = [len(call.values["text"])] if self.max_batch_size > 0 else []
        yield Message([Output("embedding", "FP32", [*batch, self._dimensions], numbers)], True)


class Classifier(Served):
    platform = "onnxruntime_onnx"
    backend = "onnxruntime"
    decoupled = False
    max_batch_size = 8
    inputs = [Spec("image", "FP32", [3, 224, 224])]
    outputs = [Spec("scores", "FP32", [1000])]
    text_output = "scores"

    async def run(self, call):
        yield Message([Output("scores", "FP32", [1, 1000], [0.001] * 1000)], True)
