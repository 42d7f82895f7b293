"""TensorRT-LLM behind Triton, inflight batcher: the ensemble, the BLS entry and a model without streaming."""

import json

import model
from model import ModelFailure
from served import Message, Served, optional
from speech import steps, whole
from tensors import Output, Spec, text

_GUIDES = ("json", "json_schema", "regex", "ebnf_grammar")


class Trtllm(Served):
    """Options: `maxBatchSize`, `seed` (name of the seed's tensor: `random_seed` in old releases)."""

    platform = "ensemble"
    max_batch_size = 64
    outputs = [
        Spec("text_output", "BYTES", [-1]),
        Spec("cum_log_probs", "FP32", [-1]),
        Spec("output_log_probs", "FP32", [-1, -1]),
        Spec("context_logits", "FP32", [-1, -1]),
        Spec("generation_logits", "FP32", [-1, -1, -1]),
        Spec("batch_index", "INT32", [1]),
        Spec("sequence_index", "INT32", [1]),
        Spec("num_input_tokens", "INT32", [1]),
        Spec("num_output_tokens", "INT32", [1]),
    ]
    accumulates = False

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.max_batch_size = options.get("maxBatchSize", self.max_batch_size)
        self.inputs = _inputs(options.get("seed", "seed"))

    async def run(self, call):
        if call.first("stream", False) and not self.decoupled:
            raise ModelFailure("Streaming is only supported in decoupled mode.", "INVALID_ARGUMENT")
        prompt = call.text("text_input")
        choices = call.first("num_return_sequences", 1)
        plans = call.plans(prompt, _settings(call), choices)
        counts = [0] * choices
        if call.first("stream", False):
            said = [b""] * choices
            async for step in steps(call, plans):
                said = [before + new for before, new in zip(said, step.texts, strict=True)]
                shown = said if self.accumulates else step.texts
                for choice in range(choices):
                    counts[choice] += len(step.tokens[choice])
                    last = step.last and choice == choices - 1
                    yield self._message(call, choice, shown[choice], step.tokens[choice], counts[choice], last)
            return
        answer = await whole(call, plans)
        for choice in range(choices):
            shown = answer.texts[choice]
            if not call.first("exclude_input_in_output", False):
                shown = prompt.encode() + shown
            tokens = answer.tokens[choice]
            yield self._message(call, choice, shown, tokens, len(tokens), choice == choices - 1)

    def _message(self, call, choice: int, shown: bytes, tokens: list, count: int, last: bool) -> Message:
        logs = [0.0] * len(tokens)
        if call.first("return_log_probs", False):
            logs = [model.logprob(count - len(tokens) + index) for index in range(len(tokens))]
        batch = [1] if self.max_batch_size > 0 else []
        outputs = [
            text("text_output", shown, shape=[*batch, 1]),
            Output("cum_log_probs", "FP32", [*batch, 1], [sum(logs)]),
            Output("output_log_probs", "FP32", [*batch, 1, len(logs)], logs),
            Output("batch_index", "INT32", [*batch, 1], [0]),
            Output("sequence_index", "INT32", [*batch, 1], [choice]),
        ]
        if call.first("return_num_input_tokens", False):
            prompt_tokens = model.count_tokens(call.text("text_input"))
            outputs.append(Output("num_input_tokens", "INT32", [*batch, 1], [prompt_tokens]))
        if call.first("return_num_output_tokens", False):
            outputs.append(Output("num_output_tokens", "INT32", [*batch, 1], [count]))
        return Message(outputs, last)


class TrtllmBls(Trtllm):
    """Options: `accumulate` (false), which makes every text the whole so far."""

    platform = ""
    backend = "python"
    flags_only = True

    def __init__(self, name: str, options: dict):
        super().__init__(name, options)
        self.accumulates = options.get("accumulate", False)
        self.inputs = [
            *self.inputs,
            *optional("BYTES", "image_url_input", dims=[-1]),
            *optional("UINT8", "image_bytes_input", "video_bytes_input", dims=[-1, -1, -1, -1]),
            *optional("INT32", "num_draft_tokens"),
            *optional("BOOL", "use_draft_logits"),
        ]
        self.parameters = {
            "accumulate_tokens": "true" if self.accumulates else "false",
            "tensorrt_llm_model_name": "tensorrt_llm",
            **self.parameters,
        }


class TrtllmUnary(Trtllm):
    decoupled = False


def _inputs(seed: str) -> list:
    return [
        Spec("text_input", "BYTES", [1]),
        *optional("BYTES", "decoder_text_input"),
        Spec("max_tokens", "INT32", [1]),
        *optional("BYTES", "bad_words", "stop_words", dims=[-1]),
        *optional("BOOL", "exclude_input_in_output", "stream"),
        *optional("INT32", "end_id", "pad_id", "top_k", "min_tokens", "beam_width", "num_return_sequences"),
        *optional("FP32", "top_p", "temperature", "length_penalty", "repetition_penalty"),
        *optional("FP32", "presence_penalty", "frequency_penalty"),
        *optional("UINT64", seed, "lora_task_id"),
        *optional("BOOL", "return_log_probs", "return_context_logits", "return_generation_logits"),
        *optional("BOOL", "return_perf_metrics", "return_num_input_tokens", "return_num_output_tokens"),
        *optional("BYTES", "embedding_bias_words", dims=[-1]),
        *optional("FP32", "embedding_bias_weights", dims=[-1]),
        *optional("FP16", "lora_weights", "prompt_embedding_table", dims=[-1, -1]),
        *optional("INT32", "lora_config", dims=[-1, 3]),
        *optional("BYTES", "guided_decoding_guide_type", "guided_decoding_guide"),
    ]


def _settings(call) -> dict:
    kind = call.text("guided_decoding_guide_type")
    guide = call.text("guided_decoding_guide")
    if kind and kind not in _GUIDES:
        raise ModelFailure(f"Encountered an error: unsupported guided decoding guide type {kind}", "INVALID_ARGUMENT")
    if kind and kind != "json" and not guide:
        raise ModelFailure("Encountered an error: guided_decoding_guide is missing", "INVALID_ARGUMENT")
    try:
        schema = json.loads(guide) if kind == "json_schema" else None
    except ValueError:
        raise ModelFailure("Encountered an error: the guide is no JSON schema", "INVALID_ARGUMENT") from None
    return {
        "max_tokens": call.first("max_tokens"),
        "stop": call.texts("stop_words"),
        "schema": schema,
        "json": kind == "json",
    }
