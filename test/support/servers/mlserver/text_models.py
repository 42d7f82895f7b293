"""Two runtimes for MLServer: one that streams text, and one with the tensors of its HuggingFace runtime, which loads
no weights here: `args` BYTES [1] -> `output` BYTES [n, 1] of JSON {"generated_text": prompt and answer}."""

import asyncio
import json
import os
import pathlib
import sys
from collections.abc import AsyncIterator

from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.errors import MLServerError
from mlserver.types import InferenceRequest, InferenceResponse, Parameters, RequestInput, ResponseOutput

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "shared"))

from recorder import Record, Recorder  # noqa: E402
from text_model import ModelFailure, Piece, pieces, plan  # noqa: E402

recorder = Recorder(os.environ.get("RECORD"))


class StreamingText(MLModel):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        text = b""
        async for piece in self._pieces(payload):
            text += piece.text
        return self._response(text)

    async def predict_stream(self, payloads: AsyncIterator[InferenceRequest]) -> AsyncIterator[InferenceResponse]:
        payload = await anext(aiter(payloads))
        async for piece in self._pieces(payload):
            yield self._response(piece.text)

    async def _pieces(self, payload: InferenceRequest) -> AsyncIterator[Piece]:
        inputs = {tensor.name: tensor for tensor in payload.inputs}
        record = _record(self.name, payload)
        if "prompt" not in inputs:
            record.end("failed")
            raise MLServerError("the input prompt is missing", status_code=400)
        async for piece in _said(_text(inputs["prompt"]), _settings(inputs), record):
            yield piece

    def _response(self, text: bytes) -> InferenceResponse:
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            outputs=[
                ResponseOutput(
                    name="output",
                    datatype="BYTES",
                    shape=[1],
                    parameters=Parameters(content_type="str"),
                    data=[text],
                )
            ],
        )


class HuggingFaceShapes(MLModel):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        inputs = {tensor.name: tensor for tensor in payload.inputs}
        record = _record(self.name, payload)
        name = "args" if "args" in inputs else "array_inputs"
        if name not in inputs:
            record.end("failed")
            raise MLServerError("neither args nor array_inputs is given", status_code=400)
        prompt = _text(inputs[name])
        text = b""
        async for piece in _said(prompt, _settings(inputs), record):
            text += piece.text
        generated = json.dumps({"generated_text": prompt + text.decode("utf-8", "replace")})
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            outputs=[
                ResponseOutput(
                    name="output",
                    datatype="BYTES",
                    shape=[1, 1],
                    parameters=Parameters(content_type="hg_jsonlist"),
                    data=[generated.encode()],
                )
            ],
        )


async def _said(prompt: str, settings: dict, record: Record) -> AsyncIterator[Piece]:
    outcome = "cancelled"
    try:
        for piece in pieces(plan(prompt, settings)):
            await asyncio.sleep(piece.delay_ms / 1000)
            yield piece
        outcome = "completed"
    except ModelFailure as failure:
        outcome = "failed"
        raise MLServerError(str(failure), status_code=_http_status.get(failure.status, 500)) from failure
    finally:
        record.end(outcome)


# The other way round from what MLServer makes of them.
_http_status = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "FAILED_PRECONDITION": 422}


def _text(tensor: RequestInput) -> str:
    return StringCodec.decode_input(tensor)[0]


def _settings(inputs: dict[str, RequestInput]) -> dict:
    names = {"max_tokens": "max_tokens", "max_new_tokens": "max_tokens"}
    return {setting: int(inputs[name].data[0]) for name, setting in names.items() if name in inputs}


def _record(model: str, payload: InferenceRequest) -> Record:
    parameters = {} if payload.parameters is None else payload.parameters.model_dump(exclude_none=True)
    metadata = parameters.pop("headers", {})
    inputs = {
        tensor.name: {
            "datatype": str(tensor.datatype),
            "shape": list(tensor.shape),
            "contents": list(tensor.data),
            "parameters": {} if tensor.parameters is None else tensor.parameters.model_dump(exclude_none=True),
        }
        for tensor in payload.inputs
    }
    return recorder.begin(model, inputs, parameters, metadata)
