"""An AnyServe look-alike for tests, with the real wire.

    python server.py '{"echo": {}, "nap": {"behaviour": "slow", "seconds": 40}}'

One JSON line on stdout tells when it is ready: {"control": PORT, "backends": {"echo": PORT, ...}}. Each backend
has its dispatcher on that port and its worker 100 above. It ends when stdin closes, so that it never outlives
the test run.
"""

import asyncio
import json
import sys

from control import Control
from model import Model
from recorder import Recorder


async def main() -> None:
    recorder = Recorder()
    models = {name: Model(name, options, recorder) for name, options in json.loads(sys.argv[1]).items()}
    for model in models.values():
        await model.start()
    control = await Control(models, recorder).listen()
    ports = {name: model.port for name, model in models.items()}
    print(json.dumps({"control": control, "backends": ports}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    for model in models.values():
        await model.stop()


if __name__ == "__main__":
    asyncio.run(main())
