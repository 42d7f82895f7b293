"""Writes down what reached a model: two JSON lines a call, one when it begins and one when it ends.

Several processes may write the same file: each line is one write to a file opened for appending.
"""

import json
import os
import time
import uuid


class Recorder:
    """`path` is None where nobody asked for a record."""

    def __init__(self, path: str | None) -> None:
        self._file = None if path is None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def begin(self, model: str, inputs: dict, parameters: dict, metadata: dict) -> "Record":
        """`inputs` is name -> {datatype, shape, contents}; bytes among the contents are written as text."""
        call = str(uuid.uuid4())
        self._write(
            {
                "call": call,
                "model": model,
                "inputs": inputs,
                "parameters": parameters,
                "metadata": metadata,
                "startedAt": time.time() * 1000,
            }
        )
        return Record(self, call)

    def _write(self, line: dict) -> None:
        if self._file is not None:
            os.write(self._file, (json.dumps(line, default=_plain) + "\n").encode())


class Record:
    def __init__(self, recorder: Recorder, call: str) -> None:
        self._recorder = recorder
        self._call = call

    def end(self, outcome: str) -> None:
        """`outcome` is completed, failed or cancelled."""
        self._recorder._write({"call": self._call, "outcome": outcome, "endedAt": time.time() * 1000})


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if hasattr(value, "item") else str(value)
