"""Token ids to token ids, streamed, with the tensors of TensorRT-LLM's batch manager. The record of a call has the
names and texts that the ensemble was called with, since an ensemble cannot keep one."""

import numpy as np
import triton_python_backend_utils as pb_utils
from calls import Call, describe
from trtllm import Generation, generate

_ensemble_names = {
    "input_ids": "text_input",
    "request_output_len": "max_tokens",
    "bad_words_list": "bad_words",
    "stop_words_list": "stop_words",
    "runtime_top_k": "top_k",
    "runtime_top_p": "top_p",
    "len_penalty": "length_penalty",
    "streaming": "stream",
}


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            call = Call(request)
            call.inputs = _as_called(call.inputs)
            call.answer("ensemble", describe(call.inputs), lambda call: generate(call, _send))


def _send(call: Call, said: Generation, final: bool) -> None:
    ids = np.frombuffer(said.text, dtype=np.uint8).astype(np.int32)
    tensors = [
        # One id too many, cut off by the length: an empty tensor does not pass between the steps.
        pb_utils.Tensor("output_ids", np.append(ids, 0).astype(np.int32).reshape(1, 1, -1)),
        pb_utils.Tensor("sequence_length", np.array([[len(ids)]], dtype=np.int32)),
        pb_utils.Tensor("cum_log_probs", np.array([[sum(said.logprobs)]], dtype=np.float32)),
        pb_utils.Tensor("output_log_probs", np.array([[said.logprobs or [0.0]]], dtype=np.float32)),
        pb_utils.Tensor("num_input_tokens", np.array([[said.input_tokens]], dtype=np.int32)),
        pb_utils.Tensor("num_output_tokens", np.array([[said.output_tokens]], dtype=np.int32)),
    ]
    call.send(tensors, final)


def _as_called(inputs):
    called = {_ensemble_names.get(name, name): values for name, values in inputs.items() if name != "input_lengths"}
    called["text_input"] = np.array([[_text(called["text_input"].flatten())]], dtype=np.object_)
    for name in ("bad_words", "stop_words"):
        words = _words(called.pop(name)) if name in called else []
        if words:
            called[name] = np.array([words], dtype=np.object_)
    return called


def _words(listed):
    ids, ends = listed[0]
    ends = [end for end in ends if end > 0]
    return [_text(ids[start:end]) for start, end in zip([0, *ends], ends)]


def _text(ids) -> bytes:
    return np.asarray(ids).astype(np.uint8).tobytes()
