"""Triton: strict about requests, raw contents in every response, final flags, a model repository."""

import messages
from checks import Refused, checked_inputs
from front import Front, metadata_of, wanted_outputs
from messages import DATA_TYPES
from speech import Call
from tensors import encode_response

_EXTENSIONS = [
    "classification",
    "sequence",
    "model_repository",
    "model_repository(unload_dependents)",
    "schedule_policy",
    "model_configuration",
    "system_shared_memory",
    "cuda_shared_memory",
    "binary_tensor_data",
    "parameters",
    "statistics",
    "trace",
    "logging",
]


class Triton(Front):
    wire = messages.triton

    def find(self, name: str, version: str):
        served = self.host.models.get(name)
        if served is None:
            raise Refused(f"Request for unknown model: '{name}' is not found", "NOT_FOUND")
        if not served.ready:
            raise Refused(f"Request for unknown model: '{name}' has no available versions", "UNAVAILABLE")
        if version != "" and not version.isdigit():
            raise Refused(
                f"failed to get model version from specified version string '{version}' (details: stol), version "
                "should be an integral value > 0"
            )
        if version not in ("", served.version):
            raise Refused(f"Request for unknown model: '{name}' version {version} is not found", "NOT_FOUND")
        return served

    def open(self, request, rpc: str) -> Call:
        served = self.find(request.model_name, request.model_version)
        if rpc == "ModelInfer" and served.decoupled:
            raise Refused("ModelInfer RPC doesn't support models with decoupled transaction policy", "UNIMPLEMENTED")
        return Call(served, checked_inputs(request, served), request, rpc)

    def encode(self, call: Call, request, message):
        response = self._response(call, request, wanted_outputs(request, message))
        if call.rpc == "ModelStreamInfer":
            is_final = message.last and not call.served.flags_only
            response.parameters["triton_final_response"].bool_param = is_final
        return response

    def after(self, call: Call, request, last: bool):
        """The flag alone, to those who asked for it, if no response carried it."""
        flagged = last and not call.served.flags_only
        if flagged or not request.parameters["triton_enable_empty_final_response"].bool_param:
            return None
        response = self._response(call, request, [])
        response.parameters["triton_final_response"].bool_param = True
        return self.wrap(response.SerializeToString())

    def wants_status(self, failure, context) -> bool:
        """What is refused before the model is asked comes in error_message also when a status was wished for."""
        asked = dict(context.invocation_metadata()).get("triton_grpc_error") == "true"
        return asked and not isinstance(failure, Refused)

    def error_message(self, request, failure) -> bytes:
        response = self.wire.make("ModelInferResponse", id=request.id)
        if not isinstance(failure, Refused):
            response.model_name = request.model_name
            response.parameters["triton_final_response"].bool_param = True
        return self.wire.make(
            "ModelStreamInferResponse", error_message=str(failure), infer_response=response
        ).SerializeToString()

    def _response(self, call: Call, request, outputs: list):
        served = call.served
        named = {"model_name": served.name, "model_version": served.version, "id": request.id}
        return encode_response(self.wire, outputs, raw=True, **named)

    def rpc_ServerLive(self, _request):
        return self.wire.make("ServerLiveResponse", live=True)

    def rpc_ServerReady(self, _request):
        return self.wire.make("ServerReadyResponse", ready=self.host.ready)

    def rpc_ModelReady(self, request):
        served = self.host.models.get(request.name)
        ready = served is not None and served.ready and request.version in ("", served.version)
        return self.wire.make("ModelReadyResponse", ready=ready)

    def rpc_ServerMetadata(self, _request):
        return self.wire.make("ServerMetadataResponse", name="triton", version="2.62.0", extensions=_EXTENSIONS)

    def rpc_ModelMetadata(self, request):
        served = self.find(request.name, request.version)
        return metadata_of(self, served, served.platform or served.backend, [served.version])

    def rpc_ModelConfig(self, request):
        served = self.find(request.name, request.version)
        config = self.wire.make(
            "ModelConfig",
            name=served.name,
            platform=served.platform,
            backend=served.backend,
            max_batch_size=served.max_batch_size,
            default_model_filename="" if served.platform else "model.py",
        )
        config.model_transaction_policy.decoupled = served.decoupled
        for spec in served.inputs:
            config.input.add(
                name=spec.name, data_type=DATA_TYPES[spec.datatype], dims=spec.dims, optional=spec.optional
            )
        for spec in served.outputs:
            config.output.add(name=spec.name, data_type=DATA_TYPES[spec.datatype], dims=spec.dims)
        for key, value in served.parameters.items():
            config.parameters[key].string_value = value
        return self.wire.make("ModelConfigResponse", config=config)

    def rpc_RepositoryIndex(self, request):
        return repository_index(self, request)

    def rpc_RepositoryModelLoad(self, request):
        return change_state(self, request.model_name, "READY", "", "Load")

    def rpc_RepositoryModelUnload(self, request):
        return change_state(self, request.model_name, "UNAVAILABLE", "unloaded", "Unload")


def repository_index(front: Front, request):
    response = front.wire.make("RepositoryIndexResponse")
    for served in front.host.models.values():
        if served.ready or not request.ready:
            response.models.add(
                name=served.name, version=served.version, state=served.state, reason=served.reason
            )
    return response


def change_state(front: Front, name: str, state: str, reason: str, verb: str):
    served = front.host.models.get(name)
    if served is None:
        raise Refused(f"failed to load '{name}', failed to poll from model repository", "INTERNAL")
    served.state, served.reason = state, reason
    return front.wire.make(f"RepositoryModel{verb}Response")
