"""The model's answer as a server says it: all choices in step, with waits, gates and failures.

A directive with `"gated": true` lets a message pass each time the test releases one.
"""

import asyncio
from typing import NamedTuple

import model
from messages import parameter_values


class Step(NamedTuple):
    """What is new in every choice. `finishes` is None while a choice goes on; a choice that is over says b""."""

    texts: list
    tokens: list
    finishes: list
    last: bool
    index: int


class Whole(NamedTuple):
    texts: list
    tokens: list
    finishes: list


class Call:
    """One running request of a served model."""

    def __init__(self, served, values: dict, request, rpc: str):
        self.served = served
        self.values = values
        self.rpc = rpc
        # Set once the model has read the prompt.
        self.directive: dict = {}
        self.parameters = {
            key: value for key, value in parameter_values(request.parameters).items() if not key.startswith("triton_")
        }

    def first(self, name: str, default=None):
        values = self.values.get(name)
        return default if not values else values[0]

    def text(self, name: str, default: str = "") -> str:
        value = self.first(name)
        return default if value is None else value.decode("utf-8", "replace")

    def texts(self, name: str) -> list:
        return [value.decode("utf-8", "replace") for value in self.values.get(name, [])]

    def plans(self, prompt: str, settings: dict, choices: int = 1) -> list:
        defaults = {"defaults": self.served.standing}
        plans = [model.plan(prompt, {**settings, **defaults}, choice) for choice in range(choices)]
        self.directive = plans[0].directive
        return plans


async def steps(call: Call, plans: list):
    """Yields Step; raises model.ModelFailure where the first choice's directive says so."""
    spoken = [_Choice(planned) for planned in plans]
    gated = plans[0].directive.get("gated", False)
    count = max(len(choice.pieces) for choice in spoken)
    for index in range(count):
        if gated:
            await call.served.gate.acquire()
        parts = [choice.part(index) for choice in spoken]
        await asyncio.sleep(max(piece.delay_ms for piece, _, _ in parts) / 1000)
        yield Step(
            [piece.text for piece, _, _ in parts],
            [tokens for _, tokens, _ in parts],
            [finish for _, _, finish in parts],
            index == count - 1 and all(choice.ends for choice in spoken),
            index,
        )
    if spoken[0].failure is not None:
        raise spoken[0].failure


async def whole(call: Call, plans: list) -> Whole:
    """The answers at once, after all the waits."""
    texts = [b""] * len(plans)
    tokens = [[] for _ in plans]
    finishes = [None] * len(plans)
    cumulative = plans[0].directive.get("cumulative", False)
    async for step in steps(call, plans):
        for choice, text in enumerate(step.texts):
            texts[choice] = (text or texts[choice]) if cumulative else texts[choice] + text
            tokens[choice] += step.tokens[choice]
            finishes[choice] = step.finishes[choice] or finishes[choice]
    return Whole(texts, tokens, finishes)


class _Choice:
    def __init__(self, planned: model.Plan):
        self.pieces = []
        self.failure = None
        self._plan = planned
        try:
            for piece in model.pieces(planned):
                self.pieces.append(piece)
        except model.ModelFailure as failure:
            self.failure = failure
        if not self.pieces and self.failure is None:
            self.pieces.append(model.Piece(b"", 0, 0))
        hangs = planned.directive.get("hang", False)
        self.ends = self.failure is None and not hangs

    def part(self, index: int):
        if index >= len(self.pieces):
            return model.Piece(b"", 0, 0), [], None
        said = sum(piece.tokens for piece in self.pieces[:index])
        piece = self.pieces[index]
        finish = self._plan.finish if self.ends and index == len(self.pieces) - 1 else None
        return piece, self._plan.tokens[said : said + piece.tokens], finish
