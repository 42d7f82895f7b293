"""A few JSON calls over HTTP/1.1, one per connection: how a test talks to a look-alike."""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit


async def serve_json(handle) -> int:
    """Listens on a free port and gives it. `handle(method, path, query, body)` answers a status and a value."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            lengths = [line.split(":")[1] for line in head if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0])) if lengths else b""
            url = urlsplit(target)
            query = dict(parse_qsl(url.query))
            status, answer = await handle(method, url.path, query, json.loads(body) if body else {})
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

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]
