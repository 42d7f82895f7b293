"""The look-alike's control port."""

from json_server import serve_json
from model import Model
from recorder import Recorder


class Control:
    def __init__(self, models: dict[str, Model], recorder: Recorder):
        self._models = models
        self._recorder = recorder

    async def listen(self) -> int:
        return await serve_json(self._handle)

    async def _handle(self, method: str, path: str, query: dict, body: dict) -> tuple[int, object]:
        match method, path:
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
                return 404, {"error": f"no such control call: {method} {path}"}
        return 200, {}
