"""The dialects by name: who serves them, and what their models are called unless the test says otherwise."""

from dialects.bystanders import Classifier, Embedding, Preprocessing
from dialects.dynamo import Dynamo
from dialects.generic import Generic, MockLlm
from dialects.llmapi import Llmapi
from dialects.mlserver import KserveText, MlserverHuggingFace, MlserverText
from dialects.ovms import Ovms
from dialects.trtllm import Trtllm, TrtllmBls, TrtllmUnary
from dialects.vllm import Vllm, VllmOld
from plain_fronts import Dynamo as DynamoFront
from plain_fronts import KservePython, Mlserver
from plain_fronts import Ovms as OvmsFront
from triton import Triton

# Dialect: server, model, name.
CATALOGUE = {
    "vllm": (Triton, Vllm, "vllm_model"),
    "vllm-old": (Triton, VllmOld, "vllm_model"),
    "trtllm": (Triton, Trtllm, "ensemble"),
    "trtllm-bls": (Triton, TrtllmBls, "tensorrt_llm_bls"),
    "trtllm-unary": (Triton, TrtllmUnary, "ensemble"),
    "llmapi": (Triton, Llmapi, "tensorrt_llm"),
    "generic": (Triton, Generic, "generic"),
    "mock": (Triton, MockLlm, "mock_llm"),
    "preprocessing": (Triton, Preprocessing, "preprocessing"),
    "embedding": (Triton, Embedding, "embedding"),
    "classifier": (Triton, Classifier, "classifier"),
    "dynamo": (DynamoFront, Dynamo, "Qwen/Qwen3-0.6B"),
    "mlserver": (Mlserver, MlserverText, "text-model"),
    "mlserver-hf": (Mlserver, MlserverHuggingFace, "transformer"),
    "ovms": (OvmsFront, Ovms, "python_model"),
    "kserve-python": (KservePython, KserveText, "text-model"),
}


def create_model(options: dict):
    """The model of `{"dialect": ..., "model": ..., other options}`."""
    if options.get("dialect") not in CATALOGUE:
        raise ValueError(f"no such dialect: {options.get('dialect')}")
    _, served, name = CATALOGUE[options["dialect"]]
    return served(options.get("model") or name, options)


def front_for(models: list):
    """The server of all of them; only Triton's share one."""
    fronts = {CATALOGUE[options["dialect"]][0] for options in models}
    if len(fronts) != 1:
        raise ValueError("these dialects are not of one server")
    return fronts.pop()
