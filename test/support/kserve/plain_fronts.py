"""The servers that are not Triton."""

import messages
from checks import Refused
from dialects.dynamo import NAMES
from front import Front, loose_values, metadata_of, typed_or_raw, wanted_outputs
from messages import DATA_TYPES
from speech import Call
from tensors import encode_response
from triton import change_state, repository_index


class Health(Front):
    """The six rpcs of the protocol proper."""

    name = ""
    version = ""
    extensions: list = []

    def encode(self, call: Call, request, message):
        return typed_or_raw(self, call, request, message)

    def rpc_ServerLive(self, _request):
        return self.wire.make("ServerLiveResponse", live=True)

    def rpc_ServerReady(self, _request):
        return self.wire.make("ServerReadyResponse", ready=self.host.ready)

    def rpc_ModelReady(self, request):
        return self.wire.make("ModelReadyResponse", ready=self.find(request.name, request.version).ready)

    def rpc_ServerMetadata(self, _request):
        return self.wire.make(
            "ServerMetadataResponse", name=self.name, version=self.version, extensions=self.extensions
        )

    def rpc_ModelMetadata(self, request):
        served = self.find(request.name, request.version)
        return metadata_of(self, served, served.platform, [served.version] if served.version else [])


class Mlserver(Health):
    """Its stream is one of bare ModelInferResponse."""

    name, version = "mlserver", "1.7.1"

    def wrap(self, response: bytes) -> bytes:
        return response

    def rpc_RepositoryIndex(self, request):
        """States as its Python enum prints them."""
        response = repository_index(self, request)
        for model in response.models:
            model.state = f"State.{model.state}"
        return response

    def rpc_RepositoryModelLoad(self, request):
        return change_state(self, request.model_name, "READY", "", "Load")

    def rpc_RepositoryModelUnload(self, request):
        return change_state(self, request.model_name, "UNAVAILABLE", "", "Unload")


class KservePython(Health):
    """Typed contents in every answer, and no stream rpc."""

    name, version, extensions = "kserve", "0.21.0", ["model_repository_extension"]
    streams = False

    def encode(self, call: Call, request, message):
        named = {"model_name": call.served.name, "model_version": call.served.version, "id": request.id}
        return encode_response(self.wire, wanted_outputs(request, message), raw=False, **named)

    def find(self, name: str, version: str):
        served = self.host.models.get(name)
        if served is None:
            raise Refused(f"Model with name {name} does not exist.", "NOT_FOUND")
        return served


class Ovms(Health):
    name, version = "OpenVINO Model Server", "2025.4"
    wire = messages.triton

    def encode(self, call: Call, request, message):
        named = {"model_name": call.served.name, "model_version": call.served.version, "id": request.id}
        return encode_response(self.wire, wanted_outputs(request, message), raw=True, **named)

    def find(self, name: str, version: str):
        served = self.host.models.get(name)
        if served is None:
            raise Refused("Model with requested name is not found", "NOT_FOUND")
        return served

    def error_message(self, request, failure) -> bytes:
        return self.wire.make("ModelStreamInferResponse", error_message=str(failure)).SerializeToString()


class Dynamo(Front):
    """Inference and metadata of models only; typed outputs; failures in error_message."""

    wire = messages.triton

    def find(self, name: str, version: str):
        served = self.host.models.get(name)
        if served is None or not served.ready:
            raise Refused(f"Model '{name}' not found", "NOT_FOUND")
        return served

    def open(self, request, rpc: str) -> Call:
        served = self.find(request.model_name, request.model_version)
        for tensor in request.inputs:
            if tensor.name not in NAMES:
                raise Refused(
                    f"Invalid input name: {tensor.name}, supported inputs are 'text_input', 'stream' / 'streaming'"
                )
            expected, shapes = ("BYTES", ([1], [1, 1])) if tensor.name == "text_input" else ("BOOL", ([1],))
            if tensor.datatype != expected or list(tensor.shape) not in shapes:
                raise Refused(
                    f"Expected '{tensor.name}' to be of type {expected} and shape [1], "
                    f"got type {tensor.datatype} and shape {list(tensor.shape)}"
                )
        values = loose_values(request)
        if any(len(value) != 1 for value in values.values()):
            raise Refused("Expected one element in each input")
        if "text_input" not in values:
            raise Refused("Missing required input: 'text_input'")
        return Call(served, values, request, rpc)

    def encode(self, call: Call, request, message):
        named = {"model_name": call.served.name, "model_version": "1", "id": request.id}
        return encode_response(self.wire, wanted_outputs(request, message), raw=False, **named)

    def error_message(self, request, failure) -> bytes:
        return self.wire.make("ModelStreamInferResponse", error_message=str(failure)).SerializeToString()

    def rpc_ModelMetadata(self, request):
        return metadata_of(self, self.find(request.name, request.version), "dynamo", ["1"])

    def rpc_ModelConfig(self, request):
        served = self.find(request.name, request.version)
        config = self.wire.make("ModelConfig", name=served.name, platform="dynamo", backend="dynamo")
        for spec in served.inputs:
            config.input.add(
                name=spec.name, data_type=DATA_TYPES[spec.datatype], dims=spec.dims, optional=spec.optional
            )
        for spec in served.outputs:
            config.output.add(name=spec.name, data_type=DATA_TYPES[spec.datatype], dims=spec.dims)
        return self.wire.make("ModelConfigResponse", config=config)
