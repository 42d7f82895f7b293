"""A model that a look-alike serves: what it says of itself, and how it answers."""

import asyncio
from typing import NamedTuple

from tensors import Spec


class Message(NamedTuple):
    """One response; `last` is set on the one that carries the end."""

    outputs: list
    last: bool = False


class Served:
    """Options of every dialect: `version`, `state`, `reason` and what its class names in `options`."""

    platform = ""
    backend = ""
    max_batch_size = 0
    decoupled = True
    # True when the end comes as a flag of its own, after the last response.
    flags_only = False
    inputs: list = []
    outputs: list = []
    # The output that faults break.
    text_output = "text_output"

    def __init__(self, name: str, options: dict):
        self.name = name
        self.options = options
        self.version = options.get("version", "1")
        self.state = options.get("state", "READY")
        self.reason = options.get("reason", "")
        self.parameters: dict = options.get("parameters", {})
        # A directive for calls whose prompt has none; see model.py.
        self.standing: dict = {}
        self.gate = asyncio.Semaphore(0)

    @property
    def ready(self) -> bool:
        return self.state == "READY"

    def shape_of(self, spec: Spec) -> list:
        return [-1, *spec.dims] if self.max_batch_size > 0 else list(spec.dims)

    def run(self, call):
        """An async iterator of Message. Raises model.ModelFailure."""
        raise NotImplementedError


def optional(datatype: str, *names: str, dims: list | None = None) -> list:
    return [Spec(name, datatype, [1] if dims is None else dims, True) for name in names]
