"""What a server may do wrong on the wire. Each kind breaks one response; `drop`, `stall`, `end`,
`status` and `error-message` break the call instead and are the fronts' work; the last two hold whatever the client
asked for, except that a server without error messages in its stream gives a status.

    missing-output  wrong-datatype  wrong-shape  negative-shape  huge-shape  duplicate  raw-and-typed  lying-prefix
    short-raw  no-contents  no-outputs  invalid-utf8  giant  bad-string  garbage  truncated  empty
"""

import struct

import model

CALL_FAULTS = ("drop", "stall", "status", "error-message", "end")
# Looks like what a real failure tells, so that a test sees whether any of it reaches a client.
SECRET = "worker 10.20.30.40:8100 crashed in /srv/models/secret.gguf"


def fault_of(directive: dict, index: int) -> str | None:
    """The fault for the message at `index`, if it is its turn."""
    return directive.get("fault") if directive.get("fault_after", 0) == index else None


def failure_for(directive: dict) -> model.ModelFailure:
    return model.ModelFailure(directive.get("fail_text", SECRET), directive.get("fail_status", "INTERNAL"))


def broken(kind: str, response, name: str, size: int) -> bytes:
    """The bytes of a ModelInferResponse whose tensor `name` is broken; `size` is that of the giant one."""
    if kind == "bad-string":
        # Field 1 is a string, and 0xff is no UTF-8.
        return b"\x0a\x01\xff"
    if kind == "garbage":
        return b"\xff" * 12
    if kind == "empty":
        return b""
    if kind == "truncated":
        return response.SerializeToString()[:-3]
    index = next((index for index, tensor in enumerate(response.outputs) if tensor.name == name), 0)
    _BREAKS[kind](response, index, size)
    return response.SerializeToString()


def _missing_output(response, index, _size):
    response.outputs[index].name = "surprise"


def _wrong_datatype(response, index, _size):
    _replace(response, index, "INT32", [1], struct.pack("<i", 7))


def _wrong_shape(response, index, _size):
    response.outputs[index].shape[:] = [7]


def _negative_shape(response, index, _size):
    response.outputs[index].shape[:] = [-1]


def _huge_shape(response, index, _size):
    response.outputs[index].shape[:] = [1 << 40, 1 << 40]


def _duplicate(response, index, _size):
    response.outputs.add().CopyFrom(response.outputs[index])
    if len(response.raw_output_contents) > index:
        response.raw_output_contents.append(response.raw_output_contents[index])


def _raw_and_typed(response, index, _size):
    if not response.raw_output_contents:
        response.raw_output_contents.append(struct.pack("<I", 5) + b"word ")
    response.outputs[index].contents.bytes_contents[:] = [b"word "]


def _lying_prefix(response, index, _size):
    _replace(response, index, "BYTES", [2], struct.pack("<I", 0xFFFFFF) + b"word ")


def _short_raw(response, index, _size):
    _replace(response, index, "FP64", [4], b"\x01\x02\x03")


def _no_contents(response, index, _size):
    response.outputs[index].ClearField("contents")
    del response.raw_output_contents[:]


def _no_outputs(response, _index, _size):
    del response.outputs[:]
    del response.raw_output_contents[:]


def _invalid_utf8(response, index, _size):
    _say(response, index, b"\xff\xfe ")


def _giant(response, index, size):
    _say(response, index, b"x" * size)


def _say(response, index: int, said: bytes) -> None:
    tensor = response.outputs[index]
    if response.raw_output_contents:
        response.raw_output_contents[index] = struct.pack("<I", len(said)) + said
    else:
        tensor.contents.bytes_contents[:] = [said]


def _replace(response, index: int, datatype: str, shape: list, raw: bytes) -> None:
    """Makes it raw, and every other tensor empty, as a mixture would be a fault of its own."""
    tensor = response.outputs[index]
    tensor.datatype = datatype
    tensor.shape[:] = shape
    tensor.ClearField("contents")
    if response.raw_output_contents:
        response.raw_output_contents[index] = raw
        return
    for other in response.outputs:
        other.ClearField("contents")
    response.raw_output_contents.extend(raw if other is tensor else b"" for other in response.outputs)


_BREAKS = {
    "missing-output": _missing_output,
    "wrong-datatype": _wrong_datatype,
    "wrong-shape": _wrong_shape,
    "negative-shape": _negative_shape,
    "huge-shape": _huge_shape,
    "duplicate": _duplicate,
    "raw-and-typed": _raw_and_typed,
    "lying-prefix": _lying_prefix,
    "short-raw": _short_raw,
    "no-contents": _no_contents,
    "no-outputs": _no_outputs,
    "invalid-utf8": _invalid_utf8,
    "giant": _giant,
}
KINDS = (*_BREAKS, "bad-string", "garbage", "truncated", "empty", *CALL_FAULTS)
