"""What the models of this repository share: one request read, recorded and answered, away from the backend's thread."""

import json
import os
import re
import threading
import time
from collections.abc import Callable

import numpy as np
import triton_python_backend_utils as pb_utils
from recorder import Record, Recorder
from text_model import ModelFailure, Piece

_recorder = Recorder(os.environ.get("RECORD") or None)
_metadata = re.compile(r"x-.*|traceparent|tracestate|authorization|user-agent|triton_grpc_error")
_datatypes = {"object": "BYTES", "float32": "FP32", "float16": "FP16", "float64": "FP64"}

Inputs = dict[str, np.ndarray]


class Cancelled(Exception):
    """The client has left."""


def read_inputs(request) -> Inputs:
    return {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}


def describe(inputs: Inputs) -> dict:
    """The inputs as the record shows them."""
    return {
        name: {
            "datatype": _datatypes.get(str(values.dtype), str(values.dtype).upper()),
            "shape": list(values.shape),
            "contents": values.flatten().tolist(),
        }
        for name, values in inputs.items()
    }


def text_of(inputs: Inputs, name: str, default: str = "") -> str:
    return inputs[name].flatten()[0].decode() if name in inputs else default


def flag_of(inputs: Inputs, name: str, default: bool = False) -> bool:
    return bool(inputs[name].flatten()[0]) if name in inputs else default


def texts_of(inputs: Inputs, name: str) -> list[str]:
    return [value.decode() for value in inputs[name].flatten()] if name in inputs else []


def bytes_tensor(name: str, values: list[bytes], shape: list[int] | None = None):
    tensor = np.array(values, dtype=np.object_)
    return pb_utils.Tensor(name, tensor if shape is None else tensor.reshape(shape))


def recorded(model: str, inputs: dict, request) -> Record:
    """The beginning of a call that is answered where it arrives, with `describe`d inputs."""
    return _recorder.begin(model, inputs, *_parted(json.loads(request.parameters() or "{}")))


class Call:
    """One request of a decoupled model. Reads it at once: the backend takes it back when `execute` returns."""

    def __init__(self, request) -> None:
        self.inputs = read_inputs(request)
        self.parameters, self.metadata = _parted(json.loads(request.parameters() or "{}"))
        self._sender = request.get_response_sender()

    def send(self, tensors: list, final: bool = False) -> None:
        self._sender.send(
            pb_utils.InferenceResponse(tensors),
            pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL if final else 0,
        )

    def wait(self, piece: Piece) -> None:
        """Until the piece is due. Raises Cancelled."""
        due = time.monotonic() + piece.delay_ms / 1000
        while not self._sender.is_cancelled():
            left = due - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.01))
        raise Cancelled

    def answer(self, model: str, recorded: dict, work: Callable[["Call"], bool]) -> None:
        """Runs `work` in a thread of its own; it returns whether it has sent a response that is marked final."""
        threading.Thread(target=self._run, args=(model, recorded, work), daemon=True).start()

    def _run(self, model: str, recorded: dict, work: Callable[["Call"], bool]) -> None:
        record = _recorder.begin(model, recorded, self.parameters, self.metadata)
        outcome, failure = "completed", None
        try:
            ended = work(self)
        except Cancelled:
            outcome, ended = "cancelled", False
        except ModelFailure as error:
            outcome, ended, failure = "failed", False, pb_utils.TritonError(str(error), _code(error.status))
        except Exception as error:
            outcome, ended, failure = "failed", False, pb_utils.TritonError(f"Error generating stream: {error}")
        record.end(outcome)
        if failure is not None:
            self._sender.send(
                pb_utils.InferenceResponse([], error=failure), pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL
            )
        elif not ended:
            self._sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def _parted(parameters: dict) -> tuple[dict, dict]:
    metadata = {name: value for name, value in parameters.items() if _metadata.fullmatch(name)}
    return {name: value for name, value in parameters.items() if name not in metadata}, metadata


def _code(status: str):
    names = {"INVALID_ARGUMENT": "INVALID_ARG", "UNIMPLEMENTED": "UNSUPPORTED"}
    return getattr(pb_utils.TritonError, names.get(status, status), pb_utils.TritonError.INTERNAL)
