"""What the models behind the look-alike do.

Each behaviour is an async generator of messages for the stream rpc. A `bytes` item is sent as it is. `answer`
gives the whole text for the unary rpc. Options come from the test and are plain JSON values.
"""

import asyncio
import re
import struct

import grpc

import wire

# AnyServe's own default; it reports "stop" also when this or the client's limit was reached.
DEFAULT_MAX_TOKENS = 256
UTF8_TEXT = "héllo 👩‍🚀 世界"
# Looks like what a real failure tells, so that a test sees whether any of it reaches a client.
SECRET_DETAIL = "worker 10.20.30.40:8100 crashed in /srv/models/secret.gguf"


class Call:
    """One running request: its inputs, the model's options, and the gates that the test opens."""

    def __init__(self, model, request, context):
        self.model = model
        self.options = model.options
        self.request = request
        self.context = context
        self.prompt = _text_input(request, "prompt")
        self.max_tokens = _integer_input(request, "max_tokens", DEFAULT_MAX_TOKENS)

    async def abort(self, code: grpc.StatusCode):
        await self.context.abort(code, SECRET_DETAIL)


def last_user_text(prompt: str) -> str:
    """The last user's text of a prompt in the plain chat form; any other prompt as it is."""
    if not prompt.endswith("\n\nAssistant:"):
        return prompt
    turns = list(re.finditer(r"(?:^|\n\n)User: ?", prompt))
    if not turns:
        return ""
    return re.split(r"\n\n(?:Assistant|System|Tool|Function|tool|function|developer):", prompt[turns[-1].end() :])[0]


def words(text: str) -> list[bytes]:
    return [word.encode() for word in re.findall(r"\S+\s*|^\s+", text)]


def tokens_of(call: Call) -> list[bytes]:
    """One token a word, the space kept with the word before it, cut at max_tokens as a real worker does."""
    return words(call.options.get("text", last_user_text(call.prompt)))[: max(call.max_tokens, 0)]


async def echo(call: Call):
    delay = call.options.get("delay", 0)
    for token in tokens_of(call):
        yield wire.token_message(token)
        await asyncio.sleep(delay)
    yield wire.token_message(b"", b"stop")


async def utf8(call: Call):
    data = UTF8_TEXT.encode()
    size = call.options.get("size", 2)
    for start in range(0, len(data), size):
        yield wire.token_message(data[start : start + size])
    yield wire.token_message(b"", b"stop")


async def endless(call: Call):
    index = 0
    while True:
        yield wire.token_message(f"w{index} ".encode())
        index += 1
        await asyncio.sleep(call.options.get("delay", 0.005))


async def slow(call: Call):
    await asyncio.sleep(call.options.get("seconds", 40))
    yield wire.token_message(b"late")
    yield wire.token_message(b"", b"stop")


async def gated(call: Call):
    """Sends the echo's words one by one, each when the test has released it."""
    for token in tokens_of(call):
        await call.model.gate.acquire()
        yield wire.token_message(token)
    yield wire.token_message(b"", b"stop")


async def fail(call: Call):
    await call.abort(grpc.StatusCode[call.options.get("code", "UNAVAILABLE")])
    yield b""


async def failmid(call: Call):
    yield wire.token_message(b"one ")
    yield wire.token_message(b"two ")
    await call.abort(grpc.StatusCode[call.options.get("code", "INTERNAL")])


async def badarg(call: Call):
    await call.abort(grpc.StatusCode.INVALID_ARGUMENT)
    yield b""


async def zero(call: Call):
    """A worker that threw: the dispatcher answers OK with no outputs."""
    for token in tokens_of(call)[: call.options.get("after", 0)]:
        yield wire.token_message(token)
    yield wire.stream_message()


async def hang(call: Call):
    for token in tokens_of(call)[: call.options.get("after", 0)]:
        yield wire.token_message(token)
    await asyncio.Event().wait()


async def die(call: Call):
    """The connection goes away after exactly `after` messages have passed."""
    count = call.options.get("after", 0)
    passed = call.model.worker_relay.messages
    for index in range(count):
        yield wire.token_message(f"w{index} ".encode())
        await call.model.worker_relay.wait_for_messages(passed + index + 1)
    await call.model.cut()
    await asyncio.Event().wait()


async def malformed(call: Call):
    for token in tokens_of(call)[: call.options.get("after", 0)]:
        yield wire.token_message(token)
    if call.options["kind"] == "error-message":
        yield wire.message("ModelStreamInferResponse", error_message=SECRET_DETAIL).SerializeToString()
    else:
        yield wrap(malformed_response(call.options["kind"], "token"))
    yield wire.token_message(b"", b"stop")


async def finish(call: Call):
    """The echo, ended by a finish word of the test's choice; no such message when it is null."""
    for token in tokens_of(call):
        yield wire.token_message(token)
    word = call.options.get("word")
    if word is not None:
        yield wire.token_message(b"", word.encode())


BEHAVIOURS = {
    function.__name__: function
    for function in (
        echo,
        utf8,
        endless,
        slow,
        gated,
        fail,
        failmid,
        badarg,
        zero,
        hang,
        die,
        malformed,
        finish,
    )
}


async def answer(call: Call) -> bytes:
    """The unary rpc: what the stream would have said, in one response."""
    if call.model.behaviour == "malformed":
        return malformed_response(call.options["kind"], "text")
    if call.model.behaviour == "die":
        await call.model.cut()
        await asyncio.Event().wait()
    if call.model.behaviour == "zero":
        return wire.infer_response().SerializeToString()
    collected = []
    async for data in BEHAVIOURS[call.model.behaviour](call):
        for output in wire.parse("ModelStreamInferResponse", data).infer_response.outputs:
            if output.name == "token" and output.contents.bytes_contents[0] != b"":
                collected.append(output.contents.bytes_contents[0])
        if len(collected) >= call.max_tokens:
            break
    return wire.infer_response(
        wire.text_tensor("text", b"".join(collected)), wire.text_tensor("model", call.model.name.encode())
    ).SerializeToString()


def malformed_response(kind: str, output: str) -> bytes:
    """A ModelInferResponse that breaks one rule; `output` is the name of its text tensor."""
    text = wire.text_tensor(output, b"word ")
    if kind == "missing-output":
        response = wire.infer_response(wire.text_tensor("surprise", b"word "))
    elif kind == "wrong-datatype":
        response = wire.infer_response(wire.integer_tensor(output, 7))
    elif kind == "wrong-shape":
        text.shape[0] = 7
        response = wire.infer_response(text)
    elif kind == "negative-shape":
        text.shape[0] = -1
        response = wire.infer_response(text)
    elif kind == "duplicate":
        response = wire.infer_response(text, text)
    elif kind == "raw-and-typed":
        response = wire.infer_response(text)
        response.raw_output_contents.append(struct.pack("<I", 5) + b"word ")
    elif kind == "lying-prefix":
        response = wire.infer_response(wire.message("Tensor", name=output, datatype="BYTES", shape=[2]))
        response.raw_output_contents.append(struct.pack("<I", 0xFFFFFF) + b"word ")
    elif kind == "no-contents":
        response = wire.infer_response(wire.message("Tensor", name=output, datatype="BYTES", shape=[1]))
    elif kind == "bad-string":
        # Field 1 is a string, and 0xff is no UTF-8.
        return b"\x0a\x01\xff"
    elif kind == "garbage":
        return b"\xff" * 12
    elif kind == "truncated":
        return wire.infer_response(text).SerializeToString()[:-3]
    else:
        raise ValueError(f"no such malformed kind: {kind}")
    return response.SerializeToString()


def wrap(response: bytes) -> bytes:
    """A ModelInferResponse as field 2 of a ModelStreamInferResponse, whatever its bytes are."""
    assert len(response) < 16384
    length = bytes([len(response)]) if len(response) < 128 else bytes([len(response) & 127 | 128, len(response) >> 7])
    return b"\x12" + length + response


def _text_input(request, name: str) -> str:
    for tensor in request.inputs:
        if tensor.name == name and len(tensor.contents.bytes_contents) > 0:
            return tensor.contents.bytes_contents[0].decode("utf-8", "replace")
    return ""


def _integer_input(request, name: str, default: int) -> int:
    for tensor in request.inputs:
        if tensor.name == name and len(tensor.contents.int_contents) > 0:
            return tensor.contents.int_contents[0]
    return default
