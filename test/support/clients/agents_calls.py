"""What users of the OpenAI Agents SDK do, each as one function; `responses` in the options asks for that API."""

import logging

from agents import (
    Agent,
    ModelSettings,
    OpenAIConversationsSession,
    OpenAIProvider,
    RunConfig,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel

from calls import serve

# Traces would go to api.openai.com.
set_tracing_disabled(True)
# The failures that tests are after would be in their output.
logging.getLogger("openai.agents").setLevel(logging.CRITICAL)


class Place(BaseModel):
    city: str


@function_tool
def forecast(city: str) -> str:
    """Weather to come."""
    return f"sunny in {city}"


def client(options: dict) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=options["base_url"], api_key="unused", max_retries=0)


def config(options: dict) -> RunConfig:
    provider = OpenAIProvider(openai_client=client(options), use_responses=options["responses"])
    return RunConfig(model=options["model"], model_provider=provider)


def helper(options: dict, **more) -> Agent:
    settings = ModelSettings(temperature=options.get("temperature"))
    return Agent(name="helper", instructions="Help.", model_settings=settings, **more)


def forecaster(options: dict) -> Agent:
    return helper(options, tools=[forecast])


async def text(options: dict):
    return (await Runner.run(helper(options), options["question"], run_config=config(options))).final_output


def start(options: dict, agent: Agent):
    return Runner.run_streamed(agent, options["question"], run_config=config(options))


def is_text(event) -> bool:
    return event.type == "raw_response_event" and event.data.type == "response.output_text.delta"


async def streaming(options: dict):
    return [event.data.delta async for event in start(options, helper(options)).stream_events() if is_text(event)]


async def tools(options: dict):
    return (await Runner.run(forecaster(options), options["question"], run_config=config(options))).final_output


async def streamed_tools(options: dict):
    result = start(options, forecaster(options))
    async for _ in result.stream_events():
        pass
    return result.final_output


async def handoff(options: dict):
    weather = Agent(name="weather", instructions="You know the weather.")
    triage = Agent(name="triage", handoffs=[weather])
    result = await Runner.run(triage, options["question"], run_config=config(options))
    return {"agent": result.last_agent.name, "text": result.final_output}


async def structured(options: dict):
    agent = helper(options, output_type=Place)
    return (await Runner.run(agent, options["question"], run_config=config(options))).final_output.model_dump()


async def reasoning(options: dict):
    result = await Runner.run(helper(options), options["question"], run_config=config(options))
    items = [item.raw_item for item in result.new_items if item.type == "reasoning_item"]
    thoughts = [part.text for item in items for part in [*item.summary, *(item.content or [])]]
    return {"reasoning": "".join(thoughts), "text": result.final_output}


async def abort(options: dict):
    result = start(options, helper(options))
    async for event in result.stream_events():
        if is_text(event):
            result.cancel()


async def previous_response_id(options: dict):
    agent, run_config = forecaster(options), config(options)
    first = await Runner.run(agent, options["question"], run_config=run_config)
    before = first.last_response_id
    result = await Runner.run(agent, options["next"], run_config=run_config, previous_response_id=before)
    return result.final_output


async def session(options: dict):
    agent, run_config = forecaster(options), config(options)
    session = OpenAIConversationsSession(openai_client=client(options))
    await Runner.run(agent, options["question"], run_config=run_config, session=session)
    return (await Runner.run(agent, options["next"], run_config=run_config, session=session)).final_output


async def history(options: dict):
    agent, run_config = forecaster(options), config(options)
    first = await Runner.run(agent, options["question"], run_config=run_config)
    items = [*first.to_input_list(), {"role": "user", "content": options["next"]}]
    return (await Runner.run(agent, items, run_config=run_config)).final_output


serve(
    text,
    streaming,
    tools,
    streamed_tools,
    handoff,
    structured,
    reasoning,
    abort,
    previous_response_id,
    session,
    history,
)
