"""The KServe model server with one text model: `text_input` BYTES [1] -> `text_output` BYTES [1], no streaming.

    python server.py [--record FILE]

The server's own gRPC half alone: its REST half listens on every address.
"""

import argparse
import asyncio
import pathlib
import sys

folder = pathlib.Path(__file__).resolve().parent
sys.path.append(str(folder.parent / "shared"))
# Both read the command line, the server while it is imported.
chosen = argparse.ArgumentParser()
chosen.add_argument("--record")
record_path = chosen.parse_args().record
del sys.argv[1:]

from lifetime import announce, end_with_starter  # noqa: E402
from loopback import Loopback  # noqa: E402
from recorder import Recorder  # noqa: E402
from text_model import ModelFailure, pieces, plan  # noqa: E402


async def main() -> None:
    loopback = Loopback()
    from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
    from kserve.errors import InvalidInput
    from kserve.protocol.grpc.server import GRPCServer

    recorder = Recorder(record_path)

    class Text(Model):
        def get_input_types(self) -> list[dict]:
            return [
                {"name": "text_input", "datatype": "BYTES", "shape": [1]},
                {"name": "max_tokens", "datatype": "INT32", "shape": [1]},
            ]

        def get_output_types(self) -> list[dict]:
            return [{"name": "text_output", "datatype": "BYTES", "shape": [1]}]

        async def predict(self, payload: InferRequest, headers=None, response_headers=None) -> InferResponse:
            inputs = {tensor.name: list(tensor.as_numpy().flatten()) for tensor in payload.inputs}
            record = recorder.begin(
                self.name,
                {
                    tensor.name: {
                        "datatype": tensor.datatype,
                        "shape": list(tensor.shape),
                        "contents": inputs[tensor.name],
                    }
                    for tensor in payload.inputs
                },
                dict(payload.parameters or {}),
                dict(headers or {}),
            )
            outcome = "cancelled"
            try:
                text = await answer(inputs)
                outcome = "completed"
            except ModelFailure as failure:
                outcome = "failed"
                if failure.status == "INVALID_ARGUMENT":
                    raise InvalidInput(str(failure)) from failure
                raise
            except KeyError as missing:
                outcome = "failed"
                raise InvalidInput(f"the input {missing} is missing") from missing
            finally:
                record.end(outcome)
            output = InferOutput(name="text_output", shape=[1], datatype="BYTES", data=[text])
            return InferResponse(response_id=payload.id, model_name=self.name, infer_outputs=[output])

    async def answer(inputs: dict[str, list]) -> bytes:
        settings = {"max_tokens": int(inputs["max_tokens"][0])} if "max_tokens" in inputs else {}
        prompt = inputs["text_input"][0]
        text = b""
        for piece in pieces(plan(prompt.decode() if isinstance(prompt, bytes) else prompt, settings)):
            await asyncio.sleep(piece.delay_ms / 1000)
            text += piece.text
        return text

    model = Text("text")
    model.load()
    server = ModelServer(enable_grpc=True)
    server.register_model(model)
    limits = {"grpc_max_send_message_length": 8_388_608, "grpc_max_receive_message_length": 8_388_608}
    grpc = GRPCServer(0, server.dataplane, server.model_repository_extension, kwargs=limits)
    end_with_starter(lambda: None)
    serving = asyncio.create_task(grpc.start(4))
    announce(grpc=await loopback.port())
    await serving


if __name__ == "__main__":
    asyncio.run(main())
