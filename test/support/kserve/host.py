"""One look-alike: its models, its gRPC port behind a relay, and its control port."""

import asyncio

import grpc

from catalogue import create_model, front_for
from faults import KINDS
from json_server import serve_json
from recorder import Recorder
from relay import Relay


class Host:
    def __init__(self, options: dict):
        """`options` as server.py describes them."""
        self.models = {}
        self.recorder = Recorder()
        self.required_header = options.get("requireHeader")
        self.ready = options.get("ready", True)
        self.relay: Relay
        self.port = options.get("port", 0)
        self._tls = options.get("tls")
        self._server: grpc.aio.Server
        self._front = front_for(options["models"])
        for model in options["models"]:
            self.load(model)

    def load(self, options: dict) -> None:
        if front_for([options]) is not self._front:
            raise ValueError("this dialect is not of this server")
        served = create_model(options)
        self.models[served.name] = served

    async def start(self) -> None:
        unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0), *unlimited])
        self._server.add_generic_rpc_handlers((self._front(self),))
        if self._tls is None:
            inner = self._server.add_insecure_port("127.0.0.1:0")
        else:
            inner = self._server.add_secure_port("127.0.0.1:0", _credentials(self._tls))
        await self._server.start()
        self.relay = Relay(inner)
        self.port = await self.relay.listen(self.port)

    async def stop(self) -> None:
        self._down()
        await self._server.stop(None)

    async def drop(self, passed: int) -> None:
        """Cuts every connection once `passed` messages are out; with TLS they cannot be counted."""
        if self._tls is None:
            await self.relay.wait_for_messages(passed)
        self.relay.cut()

    def _down(self) -> None:
        self.relay.refuse()
        self.relay.cut()

    async def listen_for_control(self) -> int:
        return await serve_json(self._control)

    async def _control(self, method: str, path: str, query: dict, body: dict) -> tuple[int, object]:
        match method, path:
            case "GET", "/calls":
                return 200, self.recorder.calls(**query)
            case "DELETE", "/calls":
                self.recorder.reset()
            case "GET", "/wait":
                count = int(query.pop("count", 1))
                messages = int(query.pop("messages", 0))
                seconds = float(query.pop("seconds", 5))
                calls = await self.recorder.wait_for(count, seconds, messages, **query)
                return (408, self.recorder.calls()) if calls is None else (200, calls)
            case "POST", "/load":
                self.load(body)
            case "POST", "/state":
                served = self.models[body["model"]]
                served.state, served.reason = body["state"], body.get("reason", "")
            case "POST", "/remove":
                del self.models[body["model"]]
            case "POST", "/ready":
                self.ready = body["ready"]
            case "POST", "/directive":
                self._set_directive(body)
            case "POST", "/release":
                for _ in range(body.get("count", 1)):
                    self.models[body["model"]].gate.release()
            case "POST", "/down":
                self._down()
            case "POST", "/up":
                await self.relay.listen(self.port)
            case "POST", "/cut":
                self.relay.cut()
            case _:
                return 404, {"error": f"no such control call: {method} {path}"}
        return 200, {}

    def _set_directive(self, body: dict) -> None:
        directive = body.get("directive") or {}
        if directive.get("fault", KINDS[0]) not in KINDS:
            raise ValueError(f"no such fault: {directive['fault']}")
        chosen = self.models.values() if body.get("model") is None else [self.models[body["model"]]]
        for served in chosen:
            served.standing = directive
            served.gate = asyncio.Semaphore(0)


def _credentials(tls: dict) -> grpc.ServerCredentials:
    def read(name: str) -> bytes | None:
        if tls.get(name) is None:
            return None
        with open(tls[name], "rb") as file:
            return file.read()

    authority = read("clientCa")
    return grpc.ssl_server_credentials([(read("key"), read("cert"))], authority, authority is not None)
