"""What LangChain's users do with a chat model, each as one function."""

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from calls import serve


def model(options: dict, **more) -> ChatOpenAI:
    settings = {"base_url": options["base_url"], "api_key": "dummy", "max_retries": 0}
    return ChatOpenAI(model=options["model"], **settings, **more)


@tool
def get_weather(location: str) -> str:
    """Tells the weather of a place."""
    return f"sunny in {location}"


def invoke(options: dict):
    answer = model(options).invoke(options["question"])
    return {"text": answer.content, "usage": answer.usage_metadata, "model": answer.response_metadata["model_name"]}


def stream(options: dict):
    chunks = list(model(options, stream_usage=True).stream(options["question"]))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    texts = [chunk.content for chunk in chunks if chunk.content]
    return {"texts": texts, "usage": whole.usage_metadata, "finish": whole.response_metadata["finish_reason"]}


def tools(options: dict):
    """A tool of the client: its call comes back, its result goes up, the answer comes."""
    bound = model(options).bind_tools([get_weather])
    messages = [HumanMessage(options["question"])]
    call = bound.invoke(messages)
    messages.append(call)
    for each in call.tool_calls:
        messages.append(ToolMessage(get_weather.invoke(each["args"]), tool_call_id=each["id"]))
    return {"calls": [(each["name"], each["args"]) for each in call.tool_calls], "text": bound.invoke(messages).content}


def streamed_tools(options: dict):
    whole = None
    for chunk in model(options).bind_tools([get_weather]).stream(options["question"]):
        whole = chunk if whole is None else whole + chunk
    return {"calls": [(each["name"], each["args"]) for each in whole.tool_calls]}


def agent(options: dict):
    """LangChain's own agent, which runs the tools itself."""
    result = create_agent(model(options), [get_weather]).invoke({"messages": [HumanMessage(options["question"])]})
    return {"text": result["messages"][-1].content, "kinds": [message.type for message in result["messages"]]}


def turns(options: dict):
    """The whole history with every question."""
    chat, messages = model(options), []
    for question in options["questions"]:
        messages.append(HumanMessage(question))
        messages.append(AIMessage(chat.invoke(messages).content))
    return [message.content for message in messages if message.type == "ai"]


def conversation(options: dict):
    """Only the new question; the server knows the rest."""
    chat = model(options, extra_body={"conversation_id": options["conversation_id"]})
    return [chat.invoke(question).content for question in options["questions"]]


def structured(options: dict):
    schema = {
        "title": "place",
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    bound = model(options).with_structured_output(schema, method="json_schema", strict=True)
    return bound.invoke(options["question"])


serve(invoke, stream, tools, streamed_tools, agent, turns, conversation, structured)
