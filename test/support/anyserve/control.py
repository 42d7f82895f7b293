"""The look-alike's control port: a few JSON calls over HTTP/1.1, one per connection."""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

from model import Model
from recorder import Recorder


class Control:
    def __init__(self, models: dict[str, Model], recorder: Recorder):
        self._models = models
        self._recorder = recorder

    async def listen(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            lengths = [line.split(":")[1] for line in head if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0])) if lengths else b""
            status, answer = await self._handle(method, target, json.loads(body) if body else {})
        except Exception as error:
            status, answer = 500, {"error": repr(error)}
        data = json.dumps(answer).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n"
            "connection: close\r\n\r\n".encode()
            + data
        )
        try:
            await writer.drain()
        except OSError:
            pass
        writer.close()

    async def _handle(self, method: str, target: str, body: dict) -> tuple[int, object]:
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        match method, url.path:
            case "GET", "/calls":
                return 200, self._recorder.calls(**query)
            case "DELETE", "/calls":
                self._recorder.reset()
                return 200, {}
            case "GET", "/wait":
                count = int(query.pop("count", 1))
                messages = int(query.pop("messages", 0))
                seconds = float(query.pop("seconds", 5))
                calls = await self._recorder.wait_for(count, seconds, messages, **query)
                return (408, self._recorder.calls()) if calls is None else (200, calls)
            case "POST", "/configure":
                self._models[body["backend"]].configure(body["options"])
            case "POST", "/release":
                for _ in range(body.get("count", 1)):
                    self._models[body["backend"]].gate.release()
            case "POST", "/down":
                self._models[body["backend"]].down()
            case "POST", "/up":
                await self._models[body["backend"]].up()
            case "POST", "/cut":
                await self._models[body["backend"]].cut()
            case _:
                return 404, {"error": f"no such control call: {method} {url.path}"}
        return 200, {}
