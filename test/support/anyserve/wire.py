"""The KServe v2 messages that AnyServe speaks, described at run time: no generated code.

Field numbers follow AnyServe's own proto file, in which InferParameter has three members only.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "inference.GRPCInferenceService"

_SCALARS = {
    "string": 9,
    "bytes": 12,
    "bool": 8,
    "int32": 5,
    "int64": 3,
    "uint32": 13,
    "uint64": 4,
    "float": 2,
    "double": 1,
}

_MESSAGES = {
    "ServerLiveRequest": [],
    "ServerLiveResponse": [("live", 1, "bool")],
    "ServerReadyRequest": [],
    "ServerReadyResponse": [("ready", 1, "bool")],
    "ModelReadyRequest": [("name", 1, "string"), ("version", 2, "string")],
    "ModelReadyResponse": [("ready", 1, "bool")],
    "ServerMetadataRequest": [],
    "ServerMetadataResponse": [("name", 1, "string"), ("version", 2, "string"), ("extensions", 3, "string*")],
    "ModelMetadataRequest": [("name", 1, "string"), ("version", 2, "string")],
    "ModelMetadataResponse": [("name", 1, "string"), ("versions", 2, "string*"), ("platform", 3, "string")],
    "InferParameter": [("bool_param", 1, "bool|"), ("int64_param", 2, "int64|"), ("string_param", 3, "string|")],
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
    "Tensor": [
        ("name", 1, "string"),
        ("datatype", 2, "string"),
        ("shape", 3, "int64*"),
        ("parameters", 4, "{}"),
        ("contents", 5, "InferTensorContents"),
    ],
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
}


def message_types(messages: dict, file_name: str) -> dict:
    """Classes of the messages of one proto file, by name.

    A field is (name, number, type); `*` after a type is repeated, `|` a member of the oneof, `{}` stands for
    map<string, InferParameter> and `{X}` for map<string, X>.
    """
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_describe(messages, file_name))
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"inference.{name}")) for name in messages}


def _describe(messages: dict, file_name: str) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=file_name, package="inference", syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        if any(kind.endswith("|") for _, _, kind in fields):
            message.oneof_decl.add(name="choice")
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number, label=1)
            if kind.startswith("{"):
                entry = message.nested_type.add(name=_entry_name(field_name))
                entry.options.map_entry = True
                entry.field.add(name="key", number=1, label=1, type=9)
                value_type = f".inference.{kind[1:-1] or 'InferParameter'}"
                entry.field.add(name="value", number=2, label=1, type=11, type_name=value_type)
                field.label, field.type = 3, 11
                field.type_name = f".inference.{name}.{entry.name}"
                continue
            if kind.endswith("*"):
                field.label = 3
            if kind.endswith("|"):
                field.oneof_index = 0
            base = kind.rstrip("*|")
            if base in _SCALARS:
                field.type = _SCALARS[base]
            else:
                field.type, field.type_name = 11, f".inference.{base}"
    return file


def _entry_name(field_name: str) -> str:
    return "".join(part.capitalize() for part in field_name.split("_")) + "Entry"


_types = message_types(_MESSAGES, "anyserve.proto")


def message(kind: str, /, **fields):
    return _types[kind](**fields)


def parse(kind: str, data: bytes):
    return _types[kind].FromString(data)


def text_tensor(name: str, *texts: bytes):
    return message(
        "Tensor",
        name=name,
        datatype="BYTES",
        shape=[len(texts)],
        contents=message("InferTensorContents", bytes_contents=list(texts)),
    )


def integer_tensor(name: str, *numbers: int):
    return message(
        "Tensor",
        name=name,
        datatype="INT32",
        shape=[len(numbers)],
        contents=message("InferTensorContents", int_contents=list(numbers)),
    )


def infer_response(*outputs, model: str = "generate", version: str = "llamacpp"):
    return message("ModelInferResponse", model_name=model, model_version=version, outputs=list(outputs))


def stream_message(*outputs) -> bytes:
    response = infer_response(*outputs, model="generate_stream")
    return message("ModelStreamInferResponse", infer_response=response).SerializeToString()


def token_message(token: bytes, finish_reason: bytes = b"null") -> bytes:
    return stream_message(text_tensor("token", token), text_tensor("finish_reason", finish_reason))


def describe_request(request) -> dict:
    """A request as JSON; `contents` holds texts for BYTES and numbers for the rest."""
    return {
        "model": request.model_name,
        "version": request.model_version,
        "parameters": {key: _parameter(value) for key, value in request.parameters.items()},
        "inputs": {
            tensor.name: {
                "datatype": tensor.datatype,
                "shape": list(tensor.shape),
                "contents": _contents(tensor.contents),
            }
            for tensor in request.inputs
        },
        "inputNames": [tensor.name for tensor in request.inputs],
        "rawInputs": len(request.raw_input_contents),
    }


def _parameter(parameter):
    which = parameter.WhichOneof("choice")
    return None if which is None else getattr(parameter, which)


def _contents(contents) -> list:
    for field, values in contents.ListFields():
        if field.name == "bytes_contents":
            return [value.decode("utf-8", "backslashreplace") for value in values]
        return list(values)
    return []
