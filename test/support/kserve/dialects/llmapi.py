"""TensorRT-LLM's LLM API behind Triton."""

import model
from served import Message, Served, optional
from speech import steps, whole
from tensors import Output, Spec, text


class Llmapi(Served):
    """Options: `maxBatchSize` (0), `decoupled` (true)."""

    backend = "python"
    flags_only = True
    inputs = [
        Spec("text_input", "BYTES", [1]),
        *optional("BOOL", "streaming"),
        *optional("INT32", "sampling_param_best_of", "sampling_param_top_k", "sampling_param_max_tokens"),
        *optional("FP32", "sampling_param_temperature", "sampling_param_top_p"),
        *optional("FP32", "sampling_param_frequency_penalty", "sampling_param_presence_penalty"),
        *optional("BYTES", "sampling_param_stop", dims=[-1]),
        *optional("UINT64", "sampling_param_seed"),
        *optional("BOOL", "sampling_param_exclude_input_from_output", "sampling_param_return_perf_metrics"),
        *optional("BOOL", "return_finish_reason", "return_stop_reason", "return_cumulative_logprob"),
        *optional("BYTES", "image_url", dims=[-1]),
        *optional("UINT64", "lora_id"),
        *optional("BYTES", "lora_name", "lora_path", "lora_ckpt_source"),
    ]
    outputs = [
        Spec("text_output", "BYTES", [-1]),
        Spec("finish_reason", "BYTES", [-1]),
        Spec("stop_reason", "BYTES", [-1]),
        Spec("cumulative_logprob", "FP32", [-1]),
    ]

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.max_batch_size = options.get("maxBatchSize", 0)
        self.decoupled = options.get("decoupled", True)

    async def run(self, call):
        self._check(call)
        prompt = call.text("text_input")
        settings = {
            "max_tokens": call.first("sampling_param_max_tokens"),
            "stop": call.texts("sampling_param_stop"),
        }
        plans = call.plans(prompt, settings)
        if call.first("streaming", False):
            async for step in steps(call, plans):
                yield self._message(call, step.texts[0], step.finishes[0], step.last)
            return
        answer = await whole(call, plans)
        said = answer.texts[0]
        if not call.first("sampling_param_exclude_input_from_output", False):
            said = prompt.encode() + said
        yield self._message(call, said, answer.finishes[0], True)

    def _check(self, call) -> None:
        if call.first("streaming", False) and not self.decoupled:
            raise model.ModelFailure("Streaming is only supported in decoupled mode.")
        for url in call.texts("image_url"):
            if not url.startswith(("http://", "https://", "data:")):
                raise model.ModelFailure("Unsupported URL scheme of image_url", "INVALID_ARGUMENT")

    def _message(self, call, said: bytes, finish: str | None, last: bool) -> Message:
        shape = [1, 1] if self.max_batch_size > 0 else [1]
        outputs = [text("text_output", said, shape=shape)]
        if call.first("return_finish_reason", False):
            outputs.append(text("finish_reason", str(finish).encode(), shape=shape))
        if call.first("return_stop_reason", False):
            outputs.append(text("stop_reason", b"None", shape=shape))
        if call.first("return_cumulative_logprob", False):
            outputs.append(Output("cumulative_logprob", "FP32", shape, [-1.5]))
        return Message(outputs, last)
