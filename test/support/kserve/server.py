"""Look-alikes of the KServe v2 servers, with the real wire.

    python server.py --dialect vllm --model llama --dialect embedding --dialect generic --option state='"LOADING"'
    python server.py --json '{"models": [{"dialect": "vllm", "model": "llama", "loras": ["sql"]}], "port": 0}'

Each --dialect begins a model; --model names it and --option KEY=JSON sets an option of its dialect. Further:
--require-header NAME=VALUE [--require-header-for GROUP ...], --tls-cert FILE --tls-key FILE [--tls-client-ca FILE],
--port N. In JSON these are `requireHeader: {name, value, groups?}`, `tls: {cert, key, clientCa?}`, `port`, `ready`.

One line on stdout tells when it is ready: READY {"grpc": PORT, "control": PORT}. It ends when stdin closes, so that
it never outlives the test run.
"""

import argparse
import asyncio
import json
import os
import sys

# The recorder, the relay and the control port are those of the AnyServe look-alike.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "anyserve"))

from host import Host  # noqa: E402


async def main(options: dict) -> None:
    host = Host(options)
    await host.start()
    control = await host.listen_for_control()
    print("READY " + json.dumps({"grpc": host.port, "control": control}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    await host.stop()


def read_options(arguments: list[str]) -> dict:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=json.loads)
    parser.add_argument("--dialect", dest="models", action=_Model)
    parser.add_argument("--model", dest="models", action=_Model)
    parser.add_argument("--option", dest="models", action=_Model)
    parser.add_argument("--require-header", type=lambda text: text.split("=", 1))
    parser.add_argument("--require-header-for", action="append")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--tls-client-ca")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.json is not None:
        return given.json
    options = {"models": given.models or [], "port": given.port}
    if given.require_header is not None:
        name, value = given.require_header
        options["requireHeader"] = {"name": name, "value": value, "groups": given.require_header_for}
    if given.tls_cert is not None:
        options["tls"] = {"cert": given.tls_cert, "key": given.tls_key, "clientCa": given.tls_client_ca}
    return options


class _Model(argparse.Action):
    def __call__(self, _parser, namespace, value, option=None):
        models = namespace.models or []
        if option == "--dialect":
            models.append({"dialect": value})
        elif option == "--model":
            models[-1]["model"] = value
        else:
            key, _, text = value.partition("=")
            models[-1][key] = json.loads(text)
        namespace.models = models


if __name__ == "__main__":
    asyncio.run(main(read_options(sys.argv[1:])))
