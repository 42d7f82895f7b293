"""What the ensemble's engine and the BLS model have in common: an answer under TensorRT-LLM's tensor names."""

import json
from collections.abc import Callable
from typing import NamedTuple

from calls import Call, flag_of, text_of, texts_of
from text_model import ModelFailure, count_tokens, logprob, pieces, plan


class Generation(NamedTuple):
    """One response: `text` since the last one, `output_tokens` since the first."""

    text: bytes
    logprobs: list[float]
    input_tokens: int
    output_tokens: int


def generate(call: Call, send: Callable[[Call, Generation, bool], None]) -> bool:
    prompt = text_of(call.inputs, "text_input")
    stream = flag_of(call.inputs, "stream")
    settings = {
        "max_tokens": int(call.inputs["max_tokens"].flatten()[0]),
        "stop": texts_of(call.inputs, "stop_words"),
        **_constraint(call),
    }
    echo = not stream and not flag_of(call.inputs, "exclude_input_in_output")
    text = prompt.encode() if echo else b""
    logprobs, spoken = [], 0
    for piece in pieces(plan(prompt, settings)):
        call.wait(piece)
        scores = [logprob(spoken + place) for place in range(piece.tokens)]
        text, logprobs, spoken = text + piece.text, logprobs + scores, spoken + piece.tokens
        if stream:
            send(call, Generation(text, logprobs, count_tokens(prompt), spoken), False)
            text, logprobs = b"", []
    if not stream:
        send(call, Generation(text, logprobs, count_tokens(prompt), spoken), True)
    # A stream ends with a flag and no response, which only clients who asked for it get to see.
    return not stream


def _constraint(call: Call) -> dict:
    kind = text_of(call.inputs, "guided_decoding_guide_type")
    if kind == "json":
        return {"json": True}
    if kind == "json_schema":
        return {"schema": json.loads(text_of(call.inputs, "guided_decoding_guide"))}
    if kind:
        raise ModelFailure(f"the guide type {kind} is unknown", "INVALID_ARGUMENT")
    return {}
