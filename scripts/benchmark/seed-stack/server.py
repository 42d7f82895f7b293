"""The usual bridge from the OpenAI API to AnyServe: FastAPI on uvicorn, grpcio to the backend.

server.py HOST:PORT of a backend that has both rpcs. Listens on a free port of 127.0.0.1.
"""

import json
import sys
import time
import uuid
from contextlib import asynccontextmanager

import anyserve_pb2
import anyserve_pb2_grpc
import grpc
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel


@asynccontextmanager
async def connect(app: FastAPI):
    async with grpc.aio.insecure_channel(sys.argv[1]) as channel:
        app.state.stub = anyserve_pb2_grpc.GRPCInferenceServiceStub(channel)
        yield


app = FastAPI(lifespan=connect)


class Sampling(BaseModel):
    model: str = "default"
    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    stream: bool = False


class CompletionRequest(Sampling):
    prompt: str


class Message(BaseModel):
    role: str
    content: str


class ChatRequest(Sampling):
    messages: list[Message]


@app.post("/v1/completions")
async def complete(request: CompletionRequest):
    header = {"id": f"cmpl-{uuid.uuid4().hex[:24]}", "created": int(time.time()), "model": request.model}
    if request.stream:
        return stream(request, request.prompt, {**header, "object": "text_completion"}, lambda text: {"text": text})
    text = await answer(request, request.prompt)
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
    return {**header, "object": "text_completion", "choices": [choice], "usage": NO_USAGE}


@app.post("/v1/chat/completions")
async def chat(request: ChatRequest):
    prompt = "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in request.messages)
    prompt += "\n\nAssistant:"
    header = {"id": f"chatcmpl-{uuid.uuid4().hex[:24]}", "created": int(time.time()), "model": request.model}
    if request.stream:
        shape = {**header, "object": "chat.completion.chunk"}
        return stream(request, prompt, shape, lambda text: {"delta": {"content": text} if text else {}})
    message = {"role": "assistant", "content": await answer(request, prompt)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**header, "object": "chat.completion", "choices": [choice], "usage": NO_USAGE}


NO_USAGE = {"prompt_tokens": -1, "completion_tokens": -1, "total_tokens": -1}


def stream(request: Sampling, prompt: str, header: dict, body) -> StreamingResponse:
    async def frames():
        async for message in app.state.stub.ModelStreamInfer(infer_request("generate_stream", request, prompt)):
            outputs = {output.name: output.contents.bytes_contents[0] for output in message.infer_response.outputs}
            token = outputs["token"].decode()
            if token:
                choice = {"index": 0, **body(token), "finish_reason": None}
                yield f"data: {json.dumps({**header, 'choices': [choice]})}\n\n"
        choice = {"index": 0, **body(""), "finish_reason": "stop"}
        yield f"data: {json.dumps({**header, 'choices': [choice]})}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(frames(), media_type="text/event-stream")


async def answer(request: Sampling, prompt: str) -> str:
    response = await app.state.stub.ModelInfer(infer_request("generate", request, prompt))
    return next(output for output in response.outputs if output.name == "text").contents.bytes_contents[0].decode()


def infer_request(capability: str, request: Sampling, prompt: str):
    message = anyserve_pb2.ModelInferRequest(model_name=capability, model_version="llamacpp")
    message.inputs.add(name="prompt", datatype="BYTES", shape=[1]).contents.bytes_contents.append(prompt.encode())
    message.inputs.add(name="max_tokens", datatype="INT32", shape=[1]).contents.int_contents.append(request.max_tokens)
    message.inputs.add(name="temperature", datatype="FP32", shape=[1]).contents.fp32_contents.append(request.temperature)
    message.inputs.add(name="top_p", datatype="FP32", shape=[1]).contents.fp32_contents.append(request.top_p)
    return message


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=0, loop="uvloop", http="httptools", access_log=False)
