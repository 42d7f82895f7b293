"""Tensors between the wire and plain Python values."""

import struct
from typing import NamedTuple

from messages import parameter_values


class Spec(NamedTuple):
    """A tensor as the model's configuration declares it; -1 in `dims` is any size, the batch is left out."""

    name: str
    datatype: str
    dims: list
    optional: bool = False


class Output(NamedTuple):
    """A tensor to send; BYTES values are bytes. `prefixed` false leaves the lengths of raw BYTES out."""

    name: str
    datatype: str
    shape: list
    values: list
    prefixed: bool = True
    parameters: dict = {}


class BadTensor(Exception):
    pass


CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}

FORMATS = {
    "BOOL": "?",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}


def text(name: str, *texts: bytes, shape: list | None = None) -> Output:
    return Output(name, "BYTES", [len(texts)] if shape is None else shape, list(texts))


def unpack(datatype: str, raw: bytes) -> list:
    """Raises BadTensor."""
    if datatype != "BYTES":
        width = struct.calcsize(FORMATS.get(datatype, "B"))
        if datatype not in FORMATS or len(raw) % width != 0:
            raise BadTensor(f"{len(raw)} bytes of {datatype}")
        return list(struct.unpack(f"<{len(raw) // width}{FORMATS[datatype]}", raw))
    values = []
    position = 0
    while position < len(raw):
        if len(raw) - position < 4:
            raise BadTensor("incomplete string length indicator")
        (length,) = struct.unpack_from("<I", raw, position)
        position += 4
        if length > len(raw) - position:
            left = len(raw) - position
            raise BadTensor(f"incomplete string data, {length} bytes expected but only {left} available,")
        values.append(raw[position : position + length])
        position += length
    return values


def pack(output: Output) -> bytes:
    if output.datatype != "BYTES":
        return struct.pack(f"<{len(output.values)}{FORMATS[output.datatype]}", *output.values)
    if not output.prefixed:
        return b"".join(output.values)
    return b"".join(struct.pack("<I", len(value)) + value for value in output.values)


def typed_values(tensor) -> list:
    for _, values in tensor.contents.ListFields():
        return list(values)
    return []


def describe_request(request) -> dict:
    """What arrived, as JSON: BYTES as texts, and never an exception."""
    inputs = {}
    for index, tensor in enumerate(request.inputs):
        raw = request.raw_input_contents[index] if index < len(request.raw_input_contents) else None
        inputs[tensor.name] = {
            "datatype": tensor.datatype,
            "shape": list(tensor.shape),
            "contents": _readable(tensor, raw),
            "raw": raw is not None,
            "parameters": parameter_values(tensor.parameters),
        }
    return {
        "model": request.model_name,
        "version": request.model_version,
        "id": request.id,
        "parameters": parameter_values(request.parameters),
        "inputs": inputs,
        "inputNames": [tensor.name for tensor in request.inputs],
        "outputNames": [output.name for output in request.outputs],
        "rawInputs": len(request.raw_input_contents),
    }


def _readable(tensor, raw) -> list | str:
    try:
        values = typed_values(tensor) if raw is None else unpack(tensor.datatype, raw)
    except BadTensor:
        return raw.hex()
    return [value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value for value in values]


def encode_response(messages, outputs: list, raw: bool, **fields):
    """A ModelInferResponse; Triton always answers with raw contents, others as they were asked."""
    response = messages.make("ModelInferResponse", **fields)
    for output in outputs:
        tensor = response.outputs.add(name=output.name, datatype=output.datatype, shape=output.shape)
        set_parameters(tensor.parameters, output.parameters)
        if raw or output.datatype not in CONTENTS or not output.prefixed:
            response.raw_output_contents.append(pack(output))
        else:
            getattr(tensor.contents, CONTENTS[output.datatype]).extend(output.values)
    return response


def set_parameters(target, values: dict) -> None:
    for key, value in values.items():
        if isinstance(value, bool):
            target[key].bool_param = value
        elif isinstance(value, int):
            target[key].int64_param = value
        else:
            target[key].string_param = value
