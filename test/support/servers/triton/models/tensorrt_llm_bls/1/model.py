"""TensorRT-LLM's other front: the tensors of the ensemble, and each text repeats all before it. Counts and log
probabilities come only when asked for."""

import numpy as np
import triton_python_backend_utils as pb_utils
from calls import Call, bytes_tensor, describe, flag_of
from trtllm import Generation, generate


class TritonPythonModel:
    def initialize(self, arguments):
        self._name = arguments["model_name"]

    def execute(self, requests):
        for request in requests:
            call = Call(request)
            call.answer(self._name, describe(call.inputs), lambda call: generate(call, _Accumulating()))


class _Accumulating:
    def __init__(self) -> None:
        self._text = b""

    def __call__(self, call: Call, said: Generation, final: bool) -> None:
        self._text += said.text
        tensors = [bytes_tensor("text_output", [self._text], [1, 1])]
        if flag_of(call.inputs, "return_log_probs"):
            tensors.append(pb_utils.Tensor("cum_log_probs", np.array([[sum(said.logprobs)]], dtype=np.float32)))
            tensors.append(pb_utils.Tensor("output_log_probs", np.array([[said.logprobs or [0.0]]], dtype=np.float32)))
        if flag_of(call.inputs, "return_num_input_tokens"):
            tensors.append(pb_utils.Tensor("num_input_tokens", np.array([[said.input_tokens]], dtype=np.int32)))
        if flag_of(call.inputs, "return_num_output_tokens"):
            tensors.append(pb_utils.Tensor("num_output_tokens", np.array([[said.output_tokens]], dtype=np.int32)))
        call.send(tensors, final)
