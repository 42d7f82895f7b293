"""What users of LangChain's ChatOpenAI do, each as one function; `responses` in the options asks for that API."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from calls import serve

SCHEMA = {
    "title": "place",
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@tool
def forecast(city: str) -> str:
    """Weather to come."""
    return f"sunny in {city}"


def model(options: dict, **more) -> ChatOpenAI:
    if "temperature" in options:
        more["temperature"] = options["temperature"]
    return ChatOpenAI(
        model=options["model"],
        base_url=options["base_url"],
        api_key="unused",
        max_retries=0,
        use_responses_api=options["responses"],
        **more,
    )


def text(options: dict):
    return model(options).invoke(options["question"]).text


def streaming(options: dict):
    return [chunk.text for chunk in model(options).stream(options["question"])]


def tools(options: dict):
    bound = model(options).bind_tools([forecast])
    return run_tools(options, bound.invoke)


def streamed_tools(options: dict):
    bound = model(options).bind_tools([forecast])

    def send(messages):
        whole = None
        for chunk in bound.stream(messages):
            whole = chunk if whole is None else whole + chunk
        return whole

    return run_tools(options, send)


def run_tools(options: dict, send):
    messages = [HumanMessage(options["question"])]
    asked = send(messages)
    messages.append(asked)
    for call in asked.tool_calls:
        messages.append(ToolMessage(forecast.invoke(call["args"]), tool_call_id=call["id"]))
    return send(messages).text


def structured(options: dict):
    bound = model(options).with_structured_output(SCHEMA, method="json_schema", strict=True)
    return bound.invoke(options["question"])


def reasoning(options: dict):
    """Streamed, and put together by LangChain's own addition of chunks."""
    whole = None
    for chunk in model(options).stream(options["question"]):
        whole = chunk if whole is None else whole + chunk
    blocks = whole.content_blocks
    thoughts = [block.get("reasoning", "") for block in blocks if block["type"] == "reasoning"]
    return {"reasoning": "".join(thoughts), "text": whole.text}


def abort(options: dict):
    chunks = model(options).stream(options["question"])
    for chunk in chunks:
        if chunk.text == "two ":
            break
    chunks.close()


def previous_response_id(options: dict):
    """The whole history is given; LangChain sends what is new and the id of what is not."""
    chat = model(options, use_previous_response_id=True)
    messages = [HumanMessage(options["question"])]
    messages += [chat.invoke(messages), HumanMessage(options["next"])]
    return chat.invoke(messages).text


def history(options: dict):
    chat = model(options)
    messages = [HumanMessage(options["question"])]
    messages += [chat.invoke(messages), HumanMessage(options["next"])]
    return chat.invoke(messages).text


serve(text, streaming, tools, streamed_tools, structured, reasoning, abort, previous_response_id, history)
