"""Makes a server built on grpc.aio listen on a free port of 127.0.0.1, whatever address it asks for."""

import asyncio

import grpc.aio


class Loopback:
    """Stands in for `grpc.aio.server` from now on. `port()` gives the port once the server accepts calls."""

    def __init__(self) -> None:
        self._make = grpc.aio.server
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        grpc.aio.server = self._server

    async def port(self) -> int:
        return await self._port

    def _server(self, *arguments, **options) -> grpc.aio.Server:
        server = self._make(*arguments, **options)
        bound = server.add_insecure_port("127.0.0.1:0")
        start = server.start

        async def started() -> None:
            await start()
            self._port.set_result(bound)

        server.add_insecure_port = lambda address: bound
        server.start = started
        return server
