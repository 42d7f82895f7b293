"""MLServer with two text models of ours, see text_models.py.

    python server.py [--record FILE] [--load NAME ...]

All models are loaded unless some are named; the rest can be loaded by RepositoryModelLoad.
"""

import argparse
import asyncio
import os
import pathlib
import sys

folder = pathlib.Path(__file__).resolve().parent
sys.path.append(str(folder.parent / "shared"))

from lifetime import announce, end_with_starter  # noqa: E402
from loopback import Loopback  # noqa: E402


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--record")
    options.add_argument("--load", action="append")
    chosen = options.parse_args()
    if chosen.record is not None:
        os.environ["RECORD"] = chosen.record

    loopback = Loopback()
    from mlserver import MLServer, Settings

    # With worker processes a stream has a single answer, which is whole and comes at the end.
    server = MLServer(
        Settings(
            host="127.0.0.1",
            http_port=0,
            parallel_workers=0,
            metrics_endpoint=None,
            debug=False,
            model_repository_root=str(folder / "models"),
        )
    )
    end_with_starter(lambda: None)
    serving = asyncio.create_task(server.start())
    port = await loopback.port()
    for model in await server._model_repository.list():
        if chosen.load is None or model.name in chosen.load:
            await server._model_registry.load(model)
    announce(grpc=port)
    await serving


if __name__ == "__main__":
    asyncio.run(main())
