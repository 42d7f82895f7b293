"""Token ids back to text."""

import numpy as np
import triton_python_backend_utils as pb_utils
from calls import bytes_tensor, read_inputs


class TritonPythonModel:
    def execute(self, requests):
        return [_decode(read_inputs(request)) for request in requests]


def _decode(inputs):
    lengths = inputs["SEQUENCE_LENGTH"][0]
    texts = [ids[:length].astype(np.uint8).tobytes() for ids, length in zip(inputs["TOKENS_BATCH"][0], lengths)]
    return pb_utils.InferenceResponse([bytes_tensor("OUTPUT", texts, [1, -1])])
