"""Text to token ids. A token of this tokenizer is a byte, so that any text goes through."""

import numpy as np
import triton_python_backend_utils as pb_utils
from calls import read_inputs, texts_of


class TritonPythonModel:
    def execute(self, requests):
        return [_prepare(read_inputs(request)) for request in requests]


def _prepare(inputs):
    ids = np.frombuffer(inputs["QUERY"].flatten()[0], dtype=np.uint8).astype(np.int32)
    return pb_utils.InferenceResponse(
        [
            pb_utils.Tensor("INPUT_ID", ids.reshape(1, -1)),
            pb_utils.Tensor("REQUEST_INPUT_LEN", np.array([[len(ids)]], dtype=np.int32)),
            pb_utils.Tensor("REQUEST_OUTPUT_LEN", inputs["REQUEST_OUTPUT_LEN"]),
            pb_utils.Tensor("BAD_WORDS_IDS", _word_list(texts_of(inputs, "BAD_WORDS_DICT"))),
            pb_utils.Tensor("STOP_WORDS_IDS", _word_list(texts_of(inputs, "STOP_WORDS_DICT"))),
        ]
    )


def _word_list(words):
    """[1, 2, n]: the ids of all words in a row, and below them where each word ends, filled up with -1."""
    ids, ends = [], []
    for word in words:
        ids.extend(word.encode())
        ends.append(len(ids))
    ids = ids or [0]
    return np.array([[ids, ends + [-1] * (len(ids) - len(ends))]], dtype=np.int32)
