"""The KServe v2 messages as Triton has them and as the servers with the plain protocol have them."""

from wire import message_types

SERVICE = "inference.GRPCInferenceService"

_TENSOR_METADATA = [("name", 1, "string"), ("datatype", 2, "string"), ("shape", 3, "int64*")]
_NAME_AND_VERSION = [("name", 1, "string"), ("version", 2, "string")]
_PLAIN_PARAMETER = [("bool_param", 1, "bool|"), ("int64_param", 2, "int64|"), ("string_param", 3, "string|")]
_REPOSITORY_MODEL = [("repository_name", 1, "string"), ("model_name", 2, "string")]

# Enums travel as int32; the numbers are those of Triton's model_config.proto.
DATA_TYPES = {
    "BOOL": 1,
    "UINT8": 2,
    "UINT16": 3,
    "UINT32": 4,
    "UINT64": 5,
    "INT8": 6,
    "INT16": 7,
    "INT32": 8,
    "INT64": 9,
    "FP16": 10,
    "FP32": 11,
    "FP64": 12,
    "BYTES": 13,
    "BF16": 14,
}

_PLAIN = {
    "ServerLiveRequest": [],
    "ServerLiveResponse": [("live", 1, "bool")],
    "ServerReadyRequest": [],
    "ServerReadyResponse": [("ready", 1, "bool")],
    "ModelReadyRequest": _NAME_AND_VERSION,
    "ModelReadyResponse": [("ready", 1, "bool")],
    "ServerMetadataRequest": [],
    "ServerMetadataResponse": [("name", 1, "string"), ("version", 2, "string"), ("extensions", 3, "string*")],
    "ModelMetadataRequest": _NAME_AND_VERSION,
    "TensorMetadata": _TENSOR_METADATA,
    "ModelMetadataResponse": [
        ("name", 1, "string"),
        ("versions", 2, "string*"),
        ("platform", 3, "string"),
        ("inputs", 4, "TensorMetadata*"),
        ("outputs", 5, "TensorMetadata*"),
    ],
    "InferParameter": _PLAIN_PARAMETER,
    "InferTensorContents": [
        ("bool_contents", 1, "bool*"),
        ("int_contents", 2, "int32*"),
        ("int64_contents", 3, "int64*"),
        ("uint_contents", 4, "uint32*"),
        ("uint64_contents", 5, "uint64*"),
        ("fp32_contents", 6, "float*"),
        ("fp64_contents", 7, "double*"),
        ("bytes_contents", 8, "bytes*"),
    ],
    "Tensor": [*_TENSOR_METADATA, ("parameters", 4, "{}"), ("contents", 5, "InferTensorContents")],
    "RequestedOutput": [("name", 1, "string"), ("parameters", 2, "{}")],
    "ModelInferRequest": [
        ("model_name", 1, "string"),
        ("model_version", 2, "string"),
        ("id", 3, "string"),
        ("parameters", 4, "{}"),
        ("inputs", 5, "Tensor*"),
        ("outputs", 6, "RequestedOutput*"),
        ("raw_input_contents", 7, "bytes*"),
    ],
    "ModelInferResponse": [
        ("model_name", 1, "string"),
        ("model_version", 2, "string"),
        ("id", 3, "string"),
        ("parameters", 4, "{}"),
        ("outputs", 5, "Tensor*"),
        ("raw_output_contents", 6, "bytes*"),
    ],
    "ModelStreamInferResponse": [("error_message", 1, "string"), ("infer_response", 2, "ModelInferResponse")],
    "RepositoryIndexRequest": [("repository_name", 1, "string"), ("ready", 2, "bool")],
    "ModelIndex": [("name", 1, "string"), ("version", 2, "string"), ("state", 3, "string"), ("reason", 4, "string")],
    "RepositoryIndexResponse": [("models", 1, "ModelIndex*")],
    "RepositoryModelLoadRequest": _REPOSITORY_MODEL,
    "RepositoryModelLoadResponse": [],
    "RepositoryModelUnloadRequest": _REPOSITORY_MODEL,
    "RepositoryModelUnloadResponse": [],
}

_TRITON = {
    **_PLAIN,
    "InferParameter": [*_PLAIN_PARAMETER, ("double_param", 4, "double|"), ("uint64_param", 5, "uint64|")],
    "ModelConfigRequest": _NAME_AND_VERSION,
    "ConfigInput": [("name", 1, "string"), ("data_type", 2, "int32"), ("dims", 4, "int64*"), ("optional", 8, "bool")],
    "ConfigOutput": [("name", 1, "string"), ("data_type", 2, "int32"), ("dims", 3, "int64*")],
    "ConfigParameter": [("string_value", 1, "string")],
    "ModelTransactionPolicy": [("decoupled", 1, "bool")],
    "ModelConfig": [
        ("name", 1, "string"),
        ("platform", 2, "string"),
        ("max_batch_size", 4, "int32"),
        ("input", 5, "ConfigInput*"),
        ("output", 6, "ConfigOutput*"),
        ("default_model_filename", 8, "string"),
        ("parameters", 14, "{ConfigParameter}"),
        ("backend", 17, "string"),
        ("model_transaction_policy", 19, "ModelTransactionPolicy"),
    ],
    "ModelConfigResponse": [("config", 1, "ModelConfig")],
}


class Messages:
    """One server's messages: a server whose InferParameter has three members drops a double as unknown."""

    def __init__(self, table: dict, file_name: str):
        self._types = message_types(table, file_name)

    def make(self, kind: str, /, **fields):
        return self._types[kind](**fields)

    def parse(self, kind: str, data: bytes):
        return self._types[kind].FromString(data)


plain = Messages(_PLAIN, "plain.proto")
triton = Messages(_TRITON, "triton.proto")


def parameter_values(parameters) -> dict:
    """A map<string, InferParameter> as plain values; one whose member is unknown is None."""
    values = {}
    for key, parameter in parameters.items():
        which = parameter.WhichOneof("choice")
        values[key] = None if which is None else getattr(parameter, which)
    return values


def field_bytes(number: int, data: bytes) -> bytes:
    """`data` as a length-delimited field, whatever it holds."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])
