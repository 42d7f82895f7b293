"""What all the servers have in common: rpcs by name, recording, faults and cancellation."""

import asyncio

import grpc

import faults
import messages
from checks import Refused
from model import ModelFailure
from speech import Call
from tensors import BadTensor, describe_request, encode_response, typed_values, unpack

_GROUPS = {
    "ServerLive": "health",
    "ServerReady": "health",
    "ModelReady": "health",
    "ServerMetadata": "metadata",
    "ModelMetadata": "metadata",
    "ModelConfig": "model-config",
    "ModelInfer": "inference",
    "ModelStreamInfer": "inference",
    "RepositoryIndex": "model-repository",
    "RepositoryModelLoad": "model-repository",
    "RepositoryModelUnload": "model-repository",
}


class Front(grpc.GenericRpcHandler):
    """A server's rpcs. A method `rpc_X` answers X with a message; without one X is UNIMPLEMENTED."""

    wire = messages.plain
    streams = True

    def __init__(self, host):
        self.host = host

    def service(self, details):
        rpc = details.method.rpartition("/")[2]
        if details.method != f"/{messages.SERVICE}/{rpc}":
            return None
        if rpc == "ModelStreamInfer":
            return grpc.stream_stream_rpc_method_handler(self._stream) if self.streams else None
        if rpc == "ModelInfer":
            return grpc.unary_unary_rpc_method_handler(self._infer)
        method = getattr(self, f"rpc_{rpc}", None)
        if method is None:
            return None

        async def answer(data: bytes, context) -> bytes:
            request = self.wire.parse(f"{rpc}Request", data)
            details = {"model": getattr(request, "name", "") or getattr(request, "model_name", "")}
            async with self._recording(rpc, details, context) as record:
                await self._guard(rpc, context)
                try:
                    response = method(request)
                except Refused as refused:
                    await context.abort(grpc.StatusCode[refused.status], str(refused))
                await self.host.recorder.sent(record)
                return response.SerializeToString()

        return grpc.unary_unary_rpc_method_handler(answer)

    # What the servers differ in.

    def find(self, name: str, version: str):
        """The model, ready to be asked. Raises Refused."""
        served = self.host.models.get(name)
        if served is None or not served.ready:
            raise Refused(f"Model {name} not found", "NOT_FOUND")
        return served

    def open(self, request, rpc: str) -> Call:
        """Raises Refused."""
        served = self.find(request.model_name, request.model_version)
        return Call(served, loose_values(request), request, rpc)

    def encode(self, call: Call, request, message):
        raise NotImplementedError

    def wrap(self, response: bytes) -> bytes:
        return messages.field_bytes(2, response)

    def after(self, call: Call, request, last: bool):
        """What follows the model's last message: bytes, or None."""
        return None

    def error_message(self, request, failure) -> bytes | None:
        """The message that tells a failure within a stream; None where only a status can."""
        return None

    def wants_status(self, failure, context) -> bool:
        return False

    # What they share.

    async def _infer(self, data: bytes, context) -> bytes:
        request = self.wire.parse("ModelInferRequest", data)
        async with self._recording("ModelInfer", describe_request(request), context) as record:
            await self._guard("ModelInfer", context)
            try:
                call = self.open(request, "ModelInfer")
                message = await _only(call.served.run(call))
                kind = faults.fault_of(call.directive, 0)
                if kind in ("status", "error-message"):
                    raise faults.failure_for(call.directive)
                await self._break_off(kind, 0)
            except (ModelFailure, Refused) as failure:
                await context.abort(grpc.StatusCode[failure.status], str(failure))
            await self.host.recorder.sent(record)
            return self._bytes(call, request, message, kind)

    async def _stream(self, requests, context):
        await self._guard("ModelStreamInfer", context)
        async for data in requests:
            request = self.wire.parse("ModelInferRequest", data)
            async with self._recording("ModelStreamInfer", describe_request(request), context) as record:
                async for message in self._answers(request, context, record):
                    yield message
                    await self.host.recorder.sent(record)

    async def _answers(self, request, context, record):
        passed = self.host.relay.messages
        index = 0
        last = False
        try:
            call = self.open(request, "ModelStreamInfer")
            async for message in call.served.run(call):
                kind = faults.fault_of(call.directive, index)
                if kind == "end":
                    return
                if kind in ("status", "error-message"):
                    record["outcome"] = "failed"
                    failure = faults.failure_for(call.directive)
                    yield await self._failed(request, failure, context, kind == "status")
                    return
                await self._break_off(kind, passed + index)
                last = message.last
                yield self.wrap(self._bytes(call, request, message, kind))
                index += 1
            closing = self.after(call, request, last)
            if closing is not None:
                yield closing
        except (ModelFailure, Refused) as failure:
            record["outcome"] = "failed"
            yield await self._failed(request, failure, context, self.wants_status(failure, context))

    async def _failed(self, request, failure, context, as_status: bool) -> bytes:
        """Ends the call with a status, or gives the message that tells the failure."""
        told = None if as_status else self.error_message(request, failure)
        if told is None:
            await context.abort(grpc.StatusCode[failure.status], str(failure))
        return told

    async def _break_off(self, kind: str | None, passed: int) -> None:
        if kind == "drop":
            await self.host.drop(passed)
        if kind in ("drop", "stall"):
            await asyncio.Event().wait()

    def _bytes(self, call: Call, request, message, kind: str | None) -> bytes:
        response = self.encode(call, request, message)
        if kind is None or kind in faults.CALL_FAULTS:
            return response.SerializeToString()
        size = call.directive.get("fault_bytes", 5_000_000)
        return faults.broken(kind, response, call.served.text_output, size)

    async def _guard(self, rpc: str, context) -> None:
        required = self.host.required_header
        if required is None or _GROUPS.get(rpc) not in (required.get("groups") or _GROUPS.values()):
            return
        given = dict(context.invocation_metadata()).get(required["name"].lower())
        if given != required["value"]:
            detail = f"This protocol is restricted, expecting header '{required['name']}'"
            await context.abort(grpc.StatusCode.UNAVAILABLE, detail)

    def _recording(self, rpc: str, details: dict, context) -> "_Recording":
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        served = self.host.models.get(details["model"])
        dialect = "" if served is None else served.options["dialect"]
        return _Recording(self.host.recorder, dialect, rpc, details, metadata)


class _Recording:
    def __init__(self, recorder, dialect: str, rpc: str, details: dict, metadata: dict):
        self._recorder = recorder
        self._begin = (dialect, "grpc", rpc, details, metadata)

    async def __aenter__(self) -> dict:
        self._record = await self._recorder.begin(*self._begin)
        return self._record

    async def __aexit__(self, kind, _error, _traceback) -> None:
        outcome = "completed" if kind is None else "failed"
        if kind is not None and issubclass(kind, (asyncio.CancelledError, GeneratorExit)):
            outcome = "cancelled"
        elif self._record["outcome"] == "failed":
            outcome = "failed"
        await self._recorder.end(self._record, outcome)


async def _only(run):
    """The one response of a call that is not streamed; several are one response's outputs."""
    outputs = []
    async for message in run:
        outputs += message.outputs
    return message._replace(outputs=outputs, last=True)


def wanted_outputs(request, message) -> list:
    names = {output.name for output in request.outputs}
    return [output for output in message.outputs if not names or output.name in names]


def typed_or_raw(front: Front, call: Call, request, message):
    """A response in the form of its request, as the plain servers give it."""
    return encode_response(
        front.wire,
        wanted_outputs(request, message),
        raw=len(request.raw_input_contents) > 0,
        model_name=call.served.name,
        model_version=call.served.version,
        id=request.id,
    )


def loose_values(request) -> dict:
    """Inputs by name, without any check of names, shapes and datatypes. Raises Refused."""
    raws = list(request.raw_input_contents)
    if raws and len(raws) != len(request.inputs):
        raise Refused(f"the number of inputs ({len(request.inputs)}) does not match the raw contents ({len(raws)})")
    values = {}
    for index, tensor in enumerate(request.inputs):
        try:
            values[tensor.name] = unpack(tensor.datatype, raws[index]) if raws else typed_values(tensor)
        except BadTensor as error:
            raise Refused(f"{error} in input {tensor.name}") from error
    return values


def metadata_of(front: Front, served, platform: str, versions: list):
    def tensors(specs):
        return [{"name": spec.name, "datatype": spec.datatype, "shape": served.shape_of(spec)} for spec in specs]

    return front.wire.make(
        "ModelMetadataResponse",
        name=served.name,
        versions=versions,
        platform=platform,
        inputs=[front.wire.make("TensorMetadata", **tensor) for tensor in tensors(served.inputs)],
        outputs=[front.wire.make("TensorMetadata", **tensor) for tensor in tensors(served.outputs)],
    )
