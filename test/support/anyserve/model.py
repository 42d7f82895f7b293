"""One AnyServe: a dispatcher port P and a worker port P+100, both real gRPC, each behind a relay."""

import asyncio

import grpc

import wire
from behaviours import BEHAVIOURS, Call, answer
from recorder import Recorder
from relay import Relay

WORKER_OFFSET = 100
CAPABILITIES = {"generate", "generate_stream", "model_info"}


class Model:
    def __init__(self, name: str, options: dict, recorder: Recorder):
        self.name = name
        self.behaviour: str = ""
        self.options: dict = {}
        self.gate = asyncio.Semaphore(0)
        self.port = 0
        self.configure(options)
        self._recorder = recorder
        self._servers: list[grpc.aio.Server] = []
        self.dispatcher_relay: Relay
        self.worker_relay: Relay

    def configure(self, options: dict) -> None:
        """Takes a new behaviour for the calls to come."""
        behaviour = options.get("behaviour", self.name)
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"no such behaviour: {behaviour}")
        self.behaviour = behaviour
        self.options = options
        self.gate = asyncio.Semaphore(0)

    async def start(self) -> None:
        self.dispatcher_relay = Relay(await self._serve("dispatcher"))
        self.worker_relay = Relay(await self._serve("worker"))
        self.port = await self._listen()
        if self.options.get("up") is False:
            self.down()

    async def _listen(self) -> int:
        for _ in range(100):
            port = await self.dispatcher_relay.listen(0)
            try:
                if port + WORKER_OFFSET > 65535:
                    raise OSError("no room for the worker's port")
                if self.options.get("worker", True):
                    await self.worker_relay.listen(port + WORKER_OFFSET)
                return port
            except OSError:
                self.dispatcher_relay.refuse()
        raise OSError("no pair of free ports")

    def down(self) -> None:
        """The process is gone: nobody listens and every connection ends."""
        for relay in (self.dispatcher_relay, self.worker_relay):
            relay.refuse()
            relay.cut()

    async def up(self) -> None:
        await self.dispatcher_relay.listen(self.port)
        if self.options.get("worker", True):
            await self.worker_relay.listen(self.port + WORKER_OFFSET)

    async def cut(self) -> None:
        self.worker_relay.cut()
        self.dispatcher_relay.cut()

    async def stop(self) -> None:
        self.down()
        for server in self._servers:
            await server.stop(None)

    async def _serve(self, port: str) -> int:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((Handlers(self, port, self._recorder),))
        bound = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        self._servers.append(server)
        return bound


class Handlers(grpc.GenericRpcHandler):
    def __init__(self, model: Model, port: str, recorder: Recorder):
        self._model = model
        self._port = port
        self._recorder = recorder

    def service(self, details):
        rpc = details.method.rpartition("/")[2]
        if details.method != f"/{wire.SERVICE}/{rpc}":
            return None
        if rpc == "ModelStreamInfer" and self._port == "worker":
            return grpc.unary_stream_rpc_method_handler(self._stream_infer)
        if rpc == "ModelStreamInfer":
            return grpc.stream_stream_rpc_method_handler(self._stream_infer_unimplemented)
        handler = getattr(self, f"_{rpc}", None)
        return None if handler is None else grpc.unary_unary_rpc_method_handler(handler)

    async def _ServerLive(self, _request: bytes, _context) -> bytes:
        return wire.message("ServerLiveResponse", live=True).SerializeToString()

    async def _ServerReady(self, _request: bytes, _context) -> bytes:
        ready = self._port == "worker" or self._model.options.get("ready", True)
        return wire.message("ServerReadyResponse", ready=ready).SerializeToString()

    async def _ServerMetadata(self, _request: bytes, _context) -> bytes:
        name, version = ("anyserve", "0.1.0") if self._port == "worker" else ("anyserve-ingress", "0.2.0")
        return wire.message("ServerMetadataResponse", name=name, version=version).SerializeToString()

    async def _ModelReady(self, data: bytes, _context) -> bytes:
        request = wire.parse("ModelReadyRequest", data)
        ready = self._port == "worker" or _is_registered(request.name, request.version)
        return wire.message("ModelReadyResponse", ready=ready).SerializeToString()

    async def _ModelMetadata(self, data: bytes, _context) -> bytes:
        request = wire.parse("ModelMetadataRequest", data)
        return wire.message("ModelMetadataResponse", name=request.name, platform="anyserve").SerializeToString()

    async def _ModelInfer(self, data: bytes, context) -> bytes:
        request = wire.parse("ModelInferRequest", data)
        record = await self._begin("ModelInfer", request, context)
        try:
            response = await self._infer(request, context)
            await self._recorder.end(record, "completed")
            return response
        except asyncio.CancelledError:
            await self._recorder.end(record, "cancelled")
            raise
        except BaseException:
            await self._recorder.end(record, "failed")
            raise

    async def _infer(self, request, context) -> bytes:
        if not _is_registered(request.model_name, request.model_version):
            detail = f"Model '{request.model_name}:{request.model_version}' not found"
            await context.abort(grpc.StatusCode.NOT_FOUND, detail)
        if request.model_name == "model_info":
            name = self._model.options.get("modelName", self._model.name)
            return wire.infer_response(
                wire.text_tensor("model_name", name.encode()),
                wire.integer_tensor("n_ctx", self._model.options.get("contextTokens", 2048)),
                model="model_info",
            ).SerializeToString()
        return await answer(Call(self._model, request, context))

    async def _stream_infer(self, data: bytes, context):
        request = wire.parse("ModelInferRequest", data)
        record = await self._begin("ModelStreamInfer", request, context)
        try:
            if request.model_name != "generate_stream":
                detail = f"Model '{request.model_name}:{request.model_version}' not found"
                await context.abort(grpc.StatusCode.NOT_FOUND, detail)
            async for message in BEHAVIOURS[self._model.behaviour](Call(self._model, request, context)):
                yield message
                await self._recorder.sent(record)
            await self._recorder.end(record, "completed")
        except (asyncio.CancelledError, GeneratorExit):
            await self._recorder.end(record, "cancelled")
            raise
        except BaseException:
            await self._recorder.end(record, "failed")
            raise

    async def _stream_infer_unimplemented(self, _requests, context):
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")
        yield b""

    async def _begin(self, rpc: str, request, context) -> dict:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        return await self._recorder.begin(
            self._model.name, self._port, rpc, wire.describe_request(request), metadata
        )


def _is_registered(name: str, version: str) -> bool:
    return name in CAPABILITIES and version in ("", "llamacpp")
