"""Takes the place of Triton's vLLM backend: its tensors, its decoupled policy and its name, another model inside."""

import json
from itertools import zip_longest

import numpy as np
import triton_python_backend_utils as pb_utils
from calls import Call, bytes_tensor, describe, flag_of, text_of
from text_model import ModelFailure, Piece, count_tokens, logprob, pieces, plan, token_id

_inputs = [
    ("text_input", "TYPE_STRING", [1], False),
    ("image", "TYPE_STRING", [-1], True),
    ("stream", "TYPE_BOOL", [1], True),
    ("sampling_parameters", "TYPE_STRING", [1], True),
    ("exclude_input_in_output", "TYPE_BOOL", [1], True),
    ("return_finish_reason", "TYPE_BOOL", [1], True),
    ("return_cumulative_logprob", "TYPE_BOOL", [1], True),
    ("return_logprobs", "TYPE_BOOL", [1], True),
    ("return_num_input_tokens", "TYPE_BOOL", [1], True),
    ("return_num_output_tokens", "TYPE_BOOL", [1], True),
    ("embedding_request", "TYPE_STRING", [1], True),
]
_outputs = [
    ("text_output", "TYPE_STRING", [-1]),
    ("finish_reason", "TYPE_STRING", [-1]),
    ("cumulative_logprob", "TYPE_FP32", [-1]),
    ("logprobs", "TYPE_STRING", [-1]),
    ("num_input_tokens", "TYPE_UINT32", [1]),
    ("num_output_tokens", "TYPE_UINT32", [-1]),
]


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(config):
        for name, datatype, dims, optional in _inputs:
            # Neither text nor embedding request is required of itself: a call has one of the two.
            config.add_input({"name": name, "data_type": datatype, "dims": dims, "optional": optional})
        for name, datatype, dims in _outputs:
            config.add_output({"name": name, "data_type": datatype, "dims": dims})
        config.set_max_batch_size(0)
        config.set_model_transaction_policy({"decoupled": True})
        return config

    def initialize(self, arguments):
        self._name = arguments["model_name"]

    def execute(self, requests):
        for request in requests:
            call = Call(request)
            work = _embed if "embedding_request" in call.inputs else _generate
            call.answer(self._name, describe(call.inputs), work)


def _embed(call: Call) -> bool:
    request = json.loads(text_of(call.inputs, "embedding_request"))
    words = request["input"]
    size = (request.get("pooling_params") or {}).get("dimensions") or [8]
    first = sum(words) if isinstance(words, list) else len(words)
    vector = [(first % 97 + place) / 128 for place in range(size[0] if isinstance(size, list) else size)]
    tensors = [bytes_tensor("text_output", [json.dumps(vector).encode()])]
    if flag_of(call.inputs, "return_num_input_tokens"):
        count = len(words) if isinstance(words, list) else count_tokens(words)
        tensors.append(pb_utils.Tensor("num_input_tokens", np.asarray(count, dtype=np.uint32)))
    call.send(tensors, final=True)
    return True


def _generate(call: Call) -> bool:
    prompt = text_of(call.inputs, "text_input")
    stream = flag_of(call.inputs, "stream")
    echo = not flag_of(call.inputs, "exclude_input_in_output", default=stream)
    if stream and echo:
        raise ValueError("When streaming, `exclude_input_in_output` = False is not allowed.")
    settings = _settings(call)
    count = int(settings.get("n", 1))
    plans = [plan(prompt, settings, choice) for choice in range(count)]
    shown = _Shown(call, prompt, echo)
    whole = [[] for _ in plans]
    ended = [False] * count
    for step, last in _steps(plans):
        call.wait(max((piece for piece in step if piece is not None), key=lambda piece: piece.delay_ms))
        # A choice that is over has nothing to say while the others go on.
        said = [piece or Piece(b"", 0, 0) for piece in step]
        for place, piece in enumerate(said):
            whole[place].append(piece)
            ended[place] = ended[place] or last[place]
        if stream:
            reasons = [planned.finish if over else "None" for planned, over in zip(plans, ended)]
            call.send(shown.tensors([[piece] for piece in said], reasons), final=all(ended))
    if not stream:
        call.send(shown.tensors(whole, [planned.finish for planned in plans]), final=True)
    return True


def _steps(plans):
    """Pieces of all choices side by side, each row with whether it is the last of each choice."""
    for row in zip_longest(*(_with_last(pieces(planned)) for planned in plans)):
        yield [None if cell is None else cell[0] for cell in row], [cell is None or cell[1] for cell in row]


def _with_last(said):
    """Looks one piece ahead; what is late or never comes does so in `wait`, after the piece before it was sent."""
    held = None
    try:
        for piece in said:
            if held is not None:
                yield held, False
            held = piece
    except ModelFailure:
        if held is not None:
            yield held, False
        raise
    yield Piece(b"", 0, 0) if held is None else held, True


class _Shown:
    """Makes the outputs that a call has asked for."""

    def __init__(self, call: Call, prompt: str, echo: bool) -> None:
        self._inputs = call.inputs
        self._prompt = prompt
        self._echo = echo
        self._spoken = {}

    def tensors(self, choices: list[list[Piece]], reasons: list[str]) -> list:
        head = self._prompt.encode() if self._echo else b""
        tensors = [bytes_tensor("text_output", [head + b"".join(p.text for p in said) for said in choices])]
        if self._asks("finish_reason"):
            tensors.append(bytes_tensor("finish_reason", [reason.encode() for reason in reasons]))
        if self._asks("cumulative_logprob"):
            totals = [self._total(choice, said) for choice, said in enumerate(choices)]
            sums = [sum(logprob(place) for place in range(total)) for total in totals]
            tensors.append(pb_utils.Tensor("cumulative_logprob", np.array(sums, dtype=np.float32)))
        if self._asks("logprobs"):
            tensors.append(bytes_tensor("logprobs", [_logprobs(said) for said in choices]))
        if self._asks("num_input_tokens"):
            count = np.asarray(count_tokens(self._prompt), dtype=np.uint32)
            tensors.append(pb_utils.Tensor("num_input_tokens", count))
        if self._asks("num_output_tokens"):
            counts = [sum(piece.tokens for piece in said) for said in choices]
            tensors.append(pb_utils.Tensor("num_output_tokens", np.array(counts, dtype=np.uint32)))
        return tensors

    def _asks(self, output: str) -> bool:
        return flag_of(self._inputs, f"return_{output}")

    def _total(self, choice: int, said: list[Piece]) -> int:
        self._spoken[choice] = self._spoken.get(choice, 0) + sum(piece.tokens for piece in said)
        return self._spoken[choice]


def _logprobs(said: list[Piece]) -> bytes:
    rows = []
    for place, piece in enumerate(piece for piece in said if piece.tokens):
        token = {"logprob": logprob(place), "rank": 1, "decoded_token": piece.text.decode("utf-8", "replace")}
        rows.append({str(token_id(piece.text)): token})
    return json.dumps(rows or None).encode()


def _settings(call: Call) -> dict:
    """Sampling parameters, where a value may be a string, with the constraint under the text model's names."""
    named = "sampling_parameters" in call.inputs
    given = json.loads(text_of(call.inputs, "sampling_parameters")) if named else dict(call.parameters)
    settings = {name: value for name, value in given.items() if name not in ("structured_outputs", "guided_decoding")}
    for name in ("max_tokens", "n"):
        if name in settings:
            settings[name] = int(settings[name])
    if isinstance(settings.get("stop"), str):
        settings["stop"] = [settings["stop"]]
    if "structured_outputs" in given:
        constraint = json.loads(given["structured_outputs"])
        schema = constraint.get("json")
        settings["schema"] = json.loads(schema) if isinstance(schema, str) else schema
        settings["json"] = constraint.get("json_object")
        settings["choice"] = constraint.get("choice")
    return settings
