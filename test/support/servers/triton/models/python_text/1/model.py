"""A text model with tensor names of somebody's own, whose policy is not decoupled: one response a request, which
ModelInfer gets too."""

import time

import triton_python_backend_utils as pb_utils
from calls import bytes_tensor, describe, read_inputs, recorded, text_of
from text_model import ModelFailure, pieces, plan


class TritonPythonModel:
    def initialize(self, arguments):
        self._name = arguments["model_name"]

    def execute(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        inputs = read_inputs(request)
        record = recorded(self._name, describe(inputs), request)
        settings = {"max_tokens": int(inputs["max_tokens"][0])} if "max_tokens" in inputs else {}
        text = b""
        try:
            for piece in pieces(plan(text_of(inputs, "prompt"), settings)):
                # The backend runs one request after the other here, so that nothing may wait for ever.
                time.sleep(min(piece.delay_ms, 1_000) / 1000)
                text += piece.text
        except ModelFailure as failure:
            record.end("failed")
            return pb_utils.InferenceResponse([], error=pb_utils.TritonError(str(failure)))
        record.end("cancelled" if request.is_cancelled() else "completed")
        return pb_utils.InferenceResponse([bytes_tensor("output", [text])])
