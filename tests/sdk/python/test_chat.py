"""Chat completions: whole, streamed, with tools, with a schema."""

import json

import pytest
from pydantic import BaseModel

import values

MESSAGES = [
    {"role": "system", "content": "You are the desk of an insurer."},
    {"role": "user", "content": values.PROMPT},
]

TOOL = {
    "type": "function",
    "function": {
        "name": "find_customer",
        "description": "Finds a customer by what the user said.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"query": {"type": "string"}, "limit": {"type": "integer", "minimum": 1}},
            "required": ["query", "limit"],
            "additionalProperties": False,
        },
    },
}


class Letter(BaseModel):
    recipient: str
    subject: str
    pages: int
    copies: list[str]
    signature: str | None


def test_whole(client, model):
    completion = client.chat.completions.create(model=model, messages=MESSAGES)
    assert completion.object == "chat.completion"
    choice = completion.choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content.endswith(values.PROMPT)
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_parts_and_several_turns(client, model):
    completion = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "user", "content": f"I am {values.EMAIL}."},
            {"role": "assistant", "content": f"Hello {values.EMAIL}."},
            {"role": "user", "content": [{"type": "text", "text": "First."}, {"type": "text", "text": values.PROMPT}]},
        ],
    )
    assert completion.choices[0].message.content.endswith("First.\n" + values.PROMPT)


def test_several_choices(client, model):
    completion = client.chat.completions.create(model=model, messages=MESSAGES, n=3)
    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert all(choice.message.content.endswith(values.PROMPT) for choice in completion.choices)


@pytest.mark.parametrize("choices", [1, 3])
def test_streamed(client, model, choices):
    texts, finished, chunks, usage = {}, {}, 0, None
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, n=choices, stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        chunks += 1
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
            finished[choice.index] = choice.finish_reason or finished.get(choice.index)
    assert list(texts) == list(range(choices))
    assert all(text.endswith(values.PROMPT) for text in texts.values())
    assert set(finished.values()) == {"stop"}
    assert chunks > 10, "the answer came in one burst"
    assert usage is not None and usage.completion_tokens > 0


def test_streaming_helper(client, model):
    with client.chat.completions.stream(model=model, messages=MESSAGES) as stream:
        text = "".join(event.delta for event in stream if event.type == "content.delta")
        assert text.endswith(values.PROMPT)
        assert stream.get_final_completion().choices[0].message.content == text


def test_tool_round_trip(client, model):
    first = client.chat.completions.create(model=model, messages=MESSAGES, tools=[TOOL])
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    call = message.tool_calls[0]
    assert call.function.name == "find_customer"
    arguments = json.loads(call.function.arguments)
    assert arguments == {"query": values.PROMPT, "limit": 1}
    result = {"name": f"Mme {values.PERSON}", "iban": values.IBAN, "note": f'said "{values.EMAIL}"'}
    answer = {"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)}
    second = client.chat.completions.create(model=model, messages=[*MESSAGES, message, answer], tools=[TOOL])
    assert second.choices[0].finish_reason == "stop"
    repeated = second.choices[0].message.content
    assert json.loads(repeated[repeated.index("{"):]) == result


def test_streamed_tool_call(client, model):
    name, arguments, finished = "", "", None
    choice = {"type": "function", "function": {"name": "find_customer"}}
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, tools=[TOOL], tool_choice=choice, stream=True
    )
    for chunk in stream:
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                assert call.index == 0
                name += call.function.name or ""
                arguments += call.function.arguments or ""
            finished = choice.finish_reason or finished
    assert (name, finished) == ("find_customer", "tool_calls")
    assert json.loads(arguments) == {"query": values.PROMPT, "limit": 1}


def test_streaming_helper_with_tool(client, model):
    with client.chat.completions.stream(model=model, messages=MESSAGES, tools=[TOOL]) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
    assert done[0].parsed_arguments == {"query": values.PROMPT, "limit": 1}


def test_parsed(client, model):
    completion = client.chat.completions.parse(model=model, messages=MESSAGES, response_format=Letter)
    letter = completion.choices[0].message.parsed
    assert letter.recipient == letter.subject == letter.signature == values.PROMPT
    assert letter.copies == [values.PROMPT]


def test_parsed_from_a_stream(client, model):
    with client.chat.completions.stream(model=model, messages=MESSAGES, response_format=Letter) as stream:
        letter = stream.get_final_completion().choices[0].message.parsed
    assert letter.recipient == values.PROMPT


def test_json_object(client, model):
    completion = client.chat.completions.create(
        model=model, messages=MESSAGES, response_format={"type": "json_object"}
    )
    assert values.PROMPT in json.loads(completion.choices[0].message.content).values()


async def one_async(model):
    from openai import AsyncOpenAI

    async with AsyncOpenAI(max_retries=0, timeout=60) as client:
        text = ""
        async for chunk in await client.chat.completions.create(model=model, messages=MESSAGES, stream=True):
            text += chunk.choices[0].delta.content or ""
        return text


def test_async_client(model):
    import asyncio

    assert asyncio.run(one_async(model)).endswith(values.PROMPT)
