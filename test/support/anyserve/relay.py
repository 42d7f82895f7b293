"""A TCP relay in front of one gRPC port, so that a test can cut, refuse and freeze real connections."""

import asyncio


class Relay:
    """Passes bytes between clients and `target`, and counts the gRPC messages that went to clients.

    Counting reads HTTP/2 frame heads only: the servers behind it send one message per DATA frame as long as
    the next is not written before the last has passed, which `wait_for_messages` is for.
    """

    def __init__(self, target: int):
        self.messages = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._passed = asyncio.Condition()

    async def listen(self, port: int) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Stops listening; connections that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Ends every connection once what it has to send is out."""
        for writer in list(self._writers):
            writer.close()

    async def wait_for_messages(self, count: int) -> None:
        async with self._passed:
            await self._passed.wait_for(lambda: self.messages >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, inner_writer}
        try:
            await asyncio.gather(self._pump(reader, inner_writer), self._pump(inner_reader, writer, FrameCounter()))
        finally:
            self._writers -= {writer, inner_writer}
            writer.close()
            inner_writer.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: "FrameCounter | None" = None
    ) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
                if counter is not None and (frames := counter.count(data)) > 0:
                    async with self._passed:
                        self.messages += frames
                        self._passed.notify_all()
        except OSError:
            pass
        finally:
            writer.close()


class FrameCounter:
    """Finds the ends of non-empty DATA frames in an HTTP/2 byte stream."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._is_data = False

    def count(self, data: bytes) -> int:
        ended = 0
        position = 0
        while position < len(data):
            if self._left > 0:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
                if self._left == 0 and self._is_data:
                    ended += 1
                continue
            need = 9 - len(self._head)
            self._head += data[position : position + need]
            position += min(need, len(data) - position)
            if len(self._head) == 9:
                self._left = int.from_bytes(self._head[:3], "big")
                self._is_data = self._head[3] == 0
                self._head = b""
        return ended
