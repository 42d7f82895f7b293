"""Remembers every call that reached the look-alike, and lets a test wait for one to end."""

import asyncio
import time


class Recorder:
    def __init__(self) -> None:
        self._calls: list[dict] = []
        self._changed = asyncio.Condition()

    async def begin(self, backend: str, port: str, rpc: str, details: dict, metadata: dict) -> dict:
        call = {
            "backend": backend,
            "port": port,
            "rpc": rpc,
            **details,
            "metadata": metadata,
            "messages": 0,
            "outcome": "running",
            "startedAt": _now(),
            "endedAt": None,
        }
        self._calls.append(call)
        await self._notify()
        return call

    async def sent(self, call: dict) -> None:
        call["messages"] += 1
        await self._notify()

    async def end(self, call: dict, outcome: str) -> None:
        """`outcome` is completed, failed or cancelled."""
        call["outcome"] = outcome
        call["endedAt"] = _now()
        await self._notify()

    def calls(self, **wanted: str) -> list[dict]:
        return [call for call in self._calls if all(str(call.get(key)) == value for key, value in wanted.items())]

    def reset(self) -> None:
        """Forgets every call; one that still runs goes on unrecorded."""
        self._calls.clear()

    async def wait_for(self, count: int, seconds: float, messages: int, **wanted: str) -> list[dict] | None:
        """The matching calls as soon as there are `count` with at least `messages` sent, or None in time."""

        def found() -> list[dict]:
            return [call for call in self.calls(**wanted) if call["messages"] >= messages]

        try:
            async with self._changed:
                await asyncio.wait_for(self._changed.wait_for(lambda: len(found()) >= count), seconds)
        except TimeoutError:
            return None
        return found()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _now() -> float:
    """Milliseconds since the epoch, as a test's own clock counts."""
    return time.time() * 1000
