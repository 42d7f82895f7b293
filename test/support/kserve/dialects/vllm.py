"""Triton's vLLM backend. `Vllm` is the present one, `VllmOld` that of releases up to 25.10."""

import base64
import binascii
import json

import model
from model import ModelFailure
from served import Message, Served, optional
from speech import steps, whole
from tensors import Output, Spec, text

_SAMPLING = {
    "allowed_token_ids", "bad_words", "detokenize", "extra_args", "frequency_penalty", "ignore_eos",
    "include_stop_str_in_output", "logit_bias", "logprobs", "lora_name", "max_tokens", "min_p", "min_tokens", "n",
    "presence_penalty", "prompt_logprobs", "repetition_penalty", "seed", "skip_special_tokens",
    "spaces_between_special_tokens", "stop", "stop_token_ids", "temperature", "top_k", "top_p",
    "truncate_prompt_tokens",
}  # fmt: skip
_RANGES = {
    "n": lambda value: value >= 1,
    "temperature": lambda value: value >= 0,
    "top_p": lambda value: 0 < value <= 1,
    "top_k": lambda value: value >= -1,
    "min_p": lambda value: 0 <= value <= 1,
    "presence_penalty": lambda value: -2 <= value <= 2,
    "frequency_penalty": lambda value: -2 <= value <= 2,
    "repetition_penalty": lambda value: value > 0,
    "max_tokens": lambda value: value >= 1,
    "min_tokens": lambda value: value >= 0,
    "logprobs": lambda value: value >= 0,
}
_INTEGERS = ("n", "top_k", "max_tokens", "min_tokens", "logprobs", "seed")
_CONSTRAINTS = ("json", "regex", "choice", "grammar", "json_object", "structural_tag")
_CONSTRAINT_OPTIONS = (
    "disable_fallback",
    "disable_any_whitespace",
    "disable_additional_properties",
    "whitespace_pattern",
)
# vLLM's own default.
_MAX_TOKENS = 16


class Vllm(Served):
    """Options: `loras` (names; LoRA is off without), `tasks` (of "generate" and "embed")."""

    backend = "vllm"
    constraint_key = "structured_outputs"
    input_tokens_shape: list = []
    inputs = [
        Spec("text_input", "BYTES", [1]),
        *optional("BYTES", "image", dims=[-1]),
        *optional("BOOL", "stream"),
        *optional("BYTES", "sampling_parameters"),
        *optional("BOOL", "exclude_input_in_output", "return_finish_reason", "return_cumulative_logprob"),
        *optional("BOOL", "return_logprobs", "return_num_input_tokens", "return_num_output_tokens"),
        *optional("BYTES", "embedding_request"),
    ]
    outputs = [
        Spec("text_output", "BYTES", [-1]),
        Spec("finish_reason", "BYTES", [-1]),
        Spec("cumulative_logprob", "FP32", [-1]),
        Spec("logprobs", "BYTES", [-1]),
        Spec("num_input_tokens", "UINT32", [1]),
        Spec("num_output_tokens", "UINT32", [-1]),
    ]

    async def run(self, call):
        task = "embed" if "embedding_request" in call.values else "generate"
        try:
            if task not in self.options.get("tasks", ["generate", "embed"]):
                raise ValueError(f"Model {self.name}_0_0 does not support '{task}' request")
            if task == "embed":
                yield self._embed(call)
                return
            sampling = self._sampling(call)
            prepends = self._prepends(call)
            _check_images(call)
        except ValueError as error:
            raise ModelFailure(f"Error generating stream: {error}") from error
        self._check_lora(sampling.get("lora_name"))
        async for message in self._generate(call, sampling, prepends):
            yield message

    async def _generate(self, call, sampling: dict, prepends: bool):
        prompt = call.text("text_input")
        plans = call.plans(prompt, _settings(sampling, self.constraint_key), sampling.get("n", 1))
        reporter = _Reporter(self, call, sampling, prompt)
        try:
            if call.first("stream", False):
                async for step in steps(call, plans):
                    yield Message(reporter.outputs(step.texts, step.tokens, step.finishes), step.last)
                return
            answer = await whole(call, plans)
        except ModelFailure as failure:
            raise ModelFailure(f"Error generating stream: {failure}", failure.status) from failure
        texts = [prompt.encode() + said if prepends else said for said in answer.texts]
        yield Message(reporter.outputs(texts, answer.tokens, answer.finishes), True)

    def _sampling(self, call) -> dict:
        """Whatever the backend cannot read it answers with the same puzzling sentence."""
        unreadable = ValueError("'NoneType' object has no attribute 'lora_name'")
        if "sampling_parameters" in call.values:
            try:
                values = json.loads(call.text("sampling_parameters"))
            except ValueError:
                raise unreadable from None
        else:
            values = dict(call.parameters)
        if not isinstance(values, dict):
            raise unreadable
        values = {key: value for key, value in values.items() if value is not None}
        try:
            _check_sampling(values, self.constraint_key)
            return _coerced(values)
        except (TypeError, ValueError, KeyError):
            raise unreadable from None

    def _prepends(self, call) -> bool:
        stream = call.first("stream", False)
        if "exclude_input_in_output" not in call.values:
            return not stream
        prepends = not call.first("exclude_input_in_output")
        if prepends and stream:
            raise ValueError("When streaming, `exclude_input_in_output` = False is not allowed.")
        return prepends

    def _check_lora(self, name) -> None:
        loras = self.options.get("loras")
        if name is None:
            return
        if loras is None:
            raise ModelFailure("LoRA feature is not enabled.")
        if name not in loras:
            raise ModelFailure(f"LoRA {name} is not supported, we currently support {loras}")

    def _embed(self, call) -> Message:
        asked = json.loads(call.text("embedding_request"))
        value = asked["input"]
        if not isinstance(value, str) and not (value and all(isinstance(part, int) for part in value)):
            raise ValueError("'list' object has no attribute 'prompt'")
        dimensions = asked.get("pooling_params", {}).get("dimensions", [model.EMBEDDING_SIZE])[0]
        if not 1 <= dimensions <= model.EMBEDDING_SIZE:
            raise ValueError(f"Model supports at most {model.EMBEDDING_SIZE} dimensions")
        outputs = [text("text_output", json.dumps(model.embedding(value, dimensions)).encode())]
        count = model.count_tokens(value) if isinstance(value, str) else len(value)
        if call.first("return_num_input_tokens", False):
            outputs.append(Output("num_input_tokens", "UINT32", self.input_tokens_shape, [count]))
        if call.first("return_num_output_tokens", False):
            outputs.append(Output("num_output_tokens", "UINT32", [], [0]))
        return Message(outputs, True)


class VllmOld(Vllm):
    """The key is `guided_decoding`, and the end is a flag of its own."""

    constraint_key = "guided_decoding"
    flags_only = True
    input_tokens_shape = [1]


class _Reporter:
    """The outputs of the responses of one request; counts and log probabilities are those of the delta."""

    def __init__(self, served: Vllm, call, sampling: dict, prompt: str):
        self._served = served
        self._call = call
        self._top = sampling.get("logprobs")
        self._prompt_tokens = model.count_tokens(prompt)
        self._said: list = []
        self._sums: list = []

    def outputs(self, texts: list, tokens: list, finishes: list) -> list:
        count = len(texts)
        self._said = self._said or [0] * count
        self._sums = self._sums or [0.0] * count
        wants = lambda name: self._call.first(name, False)  # noqa: E731
        outputs = [text("text_output", *texts)]
        lists = [self._logprobs(choice, tokens[choice]) for choice in range(count)]
        if wants("return_finish_reason"):
            # str(None) is what the backend says of a choice that goes on.
            outputs.append(text("finish_reason", *(str(finish).encode() for finish in finishes)))
        if wants("return_cumulative_logprob"):
            sums = self._sums if self._top is not None else [float("nan")] * count
            outputs.append(Output("cumulative_logprob", "FP32", [count], list(sums)))
        if wants("return_logprobs"):
            lists = lists if self._top is not None else [None] * count
            outputs.append(text("logprobs", *(json.dumps(part).encode() for part in lists)))
        if wants("return_num_input_tokens"):
            shape = self._served.input_tokens_shape
            outputs.append(Output("num_input_tokens", "UINT32", shape, [self._prompt_tokens]))
        if wants("return_num_output_tokens"):
            outputs.append(Output("num_output_tokens", "UINT32", [count], [len(part) for part in tokens]))
        return outputs

    def _logprobs(self, choice: int, tokens: list) -> list:
        found = []
        for token in tokens:
            index = self._said[choice]
            self._said[choice] += 1
            self._sums[choice] += model.logprob(index)
            entry = {model.token_id(token): _entry(token, index, 1)}
            for rank in range(2, (self._top or 0) + 1):
                other = f" other{rank}".encode()
                entry[model.token_id(other)] = _entry(other, index, rank)
            found.append(entry)
        return found


def _entry(token: bytes, index: int, rank: int) -> dict:
    return {
        "logprob": model.logprob(index, rank),
        "rank": rank,
        "decoded_token": token.decode("utf-8", "replace"),
    }


def _check_sampling(values: dict, constraint_key: str) -> None:
    for key, value in values.items():
        if key not in _SAMPLING and key != constraint_key:
            raise ValueError(key)
        if key in _RANGES and not _RANGES[key](float(value)):
            raise ValueError(key)
    if constraint_key in values:
        constraint = json.loads(values[constraint_key])
        if len([key for key in _CONSTRAINTS if constraint.get(key) is not None]) != 1:
            raise ValueError(constraint_key)
        allowed = {*_CONSTRAINTS, *_CONSTRAINT_OPTIONS, "backend"}
        if set(constraint) - allowed or (constraint_key == "structured_outputs" and "backend" in constraint):
            raise ValueError(constraint_key)
        if "choice" in constraint and not all(isinstance(word, str) for word in constraint["choice"]):
            raise ValueError(constraint_key)


def _coerced(values: dict) -> dict:
    coerced = {key: int(value) if key in _INTEGERS else value for key, value in values.items()}
    stop = coerced.get("stop", [])
    return {**coerced, "stop": [stop] if isinstance(stop, str) else [str(word) for word in stop]}


def _settings(sampling: dict, constraint_key: str) -> dict:
    constraint = json.loads(sampling.get(constraint_key, "{}"))
    schema = constraint.get("json")
    return {
        "max_tokens": sampling.get("max_tokens", _MAX_TOKENS),
        "stop": sampling["stop"],
        "schema": json.loads(schema) if isinstance(schema, str) else schema,
        "json": constraint.get("json_object"),
        "choice": constraint.get("choice"),
    }


def _check_images(call) -> None:
    for image in call.values.get("image", []):
        try:
            base64.b64decode(image, validate=True)
        except binascii.Error:
            raise ValueError("cannot identify image file") from None
