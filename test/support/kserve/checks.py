"""What Triton's frontend and core refuse before a model sees a request, in their order."""

import math
import struct

from model import ModelFailure
from tensors import CONTENTS, FORMATS, BadTensor, typed_values, unpack

_BATCH_NOTE = (
    "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each "
    "input shape. If you want to specify the full shape including the batch dim in your input dims config, try "
    "setting max_batch_size to zero. See the model configuration docs for more info on max_batch_size."
)

_RESERVED = {
    "sequence_id": ("int64_param", "string_param"),
    "sequence_start": ("bool_param",),
    "sequence_end": ("bool_param",),
    "priority": ("int64_param", "uint64_param"),
    "timeout": ("int64_param",),
    "binary_data_output": ("bool_param",),
    "triton_enable_empty_final_response": ("bool_param",),
}


class Refused(Exception):
    """`status` is the name of a gRPC status."""

    def __init__(self, message: str, status: str = "INVALID_ARGUMENT"):
        super().__init__(message)
        self.status = status


def checked_inputs(request, served) -> dict:
    """Values of the request's inputs by name. Raises Refused, and ModelFailure for what only the backend finds."""
    _check_parameters(request.parameters)
    values = _read_inputs(request)
    _check_names(request, served)
    declared = {spec.name: spec for spec in served.inputs}
    for tensor in request.inputs:
        _check_tensor(request, tensor, declared[tensor.name], served)
    if served.max_batch_size > 0:
        _check_batch(request, served)
    return {tensor.name: _checked_values(request, tensor, values[tensor.name]) for tensor in request.inputs}


def _check_parameters(parameters) -> None:
    for key, parameter in parameters.items():
        which = parameter.WhichOneof("choice")
        if key in _RESERVED:
            if which not in _RESERVED[key]:
                raise Refused(f"invalid value type for '{key}' parameter, expected {' or '.join(_RESERVED[key])}.")
        elif key.startswith("triton_"):
            raise Refused(
                "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys "
                "starting with 'triton_' are allowed: triton_enable_empty_final_response"
            )
        elif key != "headers" and which not in ("bool_param", "int64_param", "string_param", "double_param"):
            raise Refused(
                f"invalid value type for '{key}' parameter, expected int64_param, bool_param, or string_param."
            )


def _read_inputs(request) -> dict:
    raws = list(request.raw_input_contents)
    values = {}
    for index, tensor in enumerate(request.inputs):
        name = tensor.name
        if name in values:
            raise Refused(f"{_who(request)}input '{name}' already exists in request")
        if raws and tensor.HasField("contents"):
            raise Refused(
                f"contents field must not be specified when using raw_input_contents for '{name}' for model "
                f"'{request.model_name}'"
            )
        values[name] = raws[index] if index < len(raws) else _read_typed(request, tensor)
    # Raw contents beyond the inputs go unnoticed.
    return values


def _read_typed(request, tensor) -> list:
    fields = [field.name for field, _ in tensor.contents.ListFields()]
    if not fields:
        raise Refused(
            f"unable to find data for input tensor '{tensor.name}' for model '{request.model_name}' in request."
        )
    known = tensor.datatype in CONTENTS
    if fields[0] != CONTENTS.get(tensor.datatype):
        given = next(datatype for datatype, field in reversed(CONTENTS.items()) if field == fields[0])
        raise Refused(
            f"unexpected explicit tensor data for input tensor '{tensor.name}' for model '{request.model_name}' of "
            f"type '{given}', expected datatype '{tensor.datatype if known else '<invalid>'}'"
        )
    return typed_values(tensor)


def _check_names(request, served) -> None:
    given = [tensor.name for tensor in request.inputs]
    declared = {spec.name for spec in served.inputs}
    for name in given:
        if name not in declared:
            raise Refused(f"unexpected inference input '{name}' for model '{served.name}'")
    outputs = {spec.name for spec in served.outputs}
    for output in request.outputs:
        if output.name not in outputs:
            raise Refused(f"unexpected inference output '{output.name}' for model '{served.name}'")
    required = [spec.name for spec in served.inputs if not spec.optional]
    missing = [name for name in required if name not in given]
    if not missing:
        return
    least, most = len(required), len(served.inputs)
    expected = f"{most} inputs" if least == most else f"number of inputs between {least} and {most}"
    raise Refused(
        f"{_who(request)}expected {expected} but got {len(given)} inputs for model '{served.name}'. Got input(s) "
        f"[{_quoted(given)}], but missing required input(s) [{_quoted(missing)}]. Please provide all required input(s)."
    )


def _check_tensor(request, tensor, spec, served) -> None:
    if tensor.datatype != spec.datatype:
        raise Refused(
            f"{_who(request)}inference input '{spec.name}' data-type is '{tensor.datatype}', but model '{served.name}' "
            f"expects '{spec.datatype}'"
        )
    expected = served.shape_of(spec)
    shape = list(tensor.shape)
    if any(size < 0 for size in shape):
        raise Refused(
            f"{_who(request)}All input dimensions should be specified for input '{spec.name}' for model "
            f"'{served.name}', got {_shape(shape)}"
        )
    if len(shape) != len(expected) or any(want not in (-1, size) for want, size in zip(expected, shape, strict=True)):
        raise Refused(
            f"{_who(request)}unexpected shape for input '{spec.name}' for model '{served.name}'. Expected "
            f"{_shape(expected)}, got {_shape(shape)}. {_BATCH_NOTE if served.max_batch_size > 0 else ''}"
        )


def _check_batch(request, served) -> None:
    sizes = {tensor.shape[0] for tensor in request.inputs}
    if len(sizes) > 1:
        name = request.inputs[0].name
        raise Refused(f"{_who(request)}input '{name}' batch size does not match other inputs for '{served.name}'")
    if any(size > served.max_batch_size for size in sizes):
        raise Refused(
            f"{_who(request)}inference request batch-size must be <= {served.max_batch_size} for '{served.name}'"
        )


def _checked_values(request, tensor, values) -> list:
    """The number of elements must be that of the shape; raw numbers are unpacked."""
    expected = math.prod(tensor.shape)
    where = f"input '{tensor.name}' for model '{request.model_name}'"
    if tensor.datatype in FORMATS:
        width = struct.calcsize(FORMATS[tensor.datatype])
        size = len(values) if isinstance(values, bytes) else len(values) * width
        if size != expected * width:
            raise Refused(
                f"{_who(request)}input byte size mismatch for {where}. Expected {expected * width}, got {size}"
            )
        return unpack(tensor.datatype, values) if isinstance(values, bytes) else values
    if isinstance(values, bytes):
        try:
            values = unpack("BYTES", values)
        except BadTensor as error:
            raise ModelFailure(f"{error} for inference input '{tensor.name}'", "INVALID_ARGUMENT") from error
    if len(values) != expected:
        raise Refused(
            f"{_who(request)}unexpected number of string elements {len(values)} for inference {where}, "
            f"expecting {expected}"
        )
    return values


def _who(request) -> str:
    return f"[request id: {request.id or '<id_unknown>'}] "


def _quoted(names: list) -> str:
    return ",".join(f"'{name}'" for name in names)


def _shape(shape: list) -> str:
    return "[" + ",".join(str(size) for size in shape) + "]"
