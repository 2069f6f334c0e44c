"""Responses: whole, streamed, with functions, with a schema."""

import json

from pydantic import BaseModel

import values

FUNCTION = {
    "type": "function",
    "name": "find_customer",
    "description": "Finds a customer by what the user said.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"query": {"type": "string"}},
        "required": ["query"],
        "additionalProperties": False,
    },
}


class Letter(BaseModel):
    recipient: str
    pages: int


def test_whole(client, model):
    response = client.responses.create(model=model, input=values.PROMPT, instructions="You are the desk of an insurer.")
    assert (response.object, response.status) == ("response", "completed")
    assert response.output_text.endswith(values.PROMPT)
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_items(client, model):
    response = client.responses.create(
        model=model,
        input=[
            {"role": "user", "content": f"I am {values.EMAIL}."},
            {"role": "assistant", "content": f"Hello {values.EMAIL}."},
            {"role": "user", "content": [{"type": "input_text", "text": values.PROMPT}]},
        ],
    )
    assert response.output_text.endswith(values.PROMPT)


def test_streamed(client, model):
    kinds, text, completed = [], "", None
    for number, event in enumerate(client.responses.create(model=model, input=values.PROMPT, stream=True)):
        assert event.sequence_number == number
        kinds.append(event.type)
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.output_text.done":
            assert event.text == text
        elif event.type == "response.content_part.done":
            assert event.part.text == text
        elif event.type == "response.completed":
            completed = event.response
    assert text.endswith(values.PROMPT)
    assert completed.output_text == text
    assert kinds.count("response.output_text.delta") > 10, "the answer came in one burst"
    assert list(dict.fromkeys(kinds)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_streaming_helper(client, model):
    with client.responses.stream(model=model, input=values.PROMPT) as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        assert snapshots[-1].endswith(values.PROMPT)
        assert stream.get_final_response().output_text == snapshots[-1]


def test_function_round_trip(client, model):
    asked = [{"role": "user", "content": values.PROMPT}]
    first = client.responses.create(model=model, input=asked, tools=[FUNCTION])
    call = next(item for item in first.output if item.type == "function_call")
    assert call.name == "find_customer"
    assert json.loads(call.arguments) == {"query": values.PROMPT}
    result = {"name": f"Mme {values.PERSON}", "phone": values.PHONE}
    answer = {"type": "function_call_output", "call_id": call.call_id, "output": json.dumps(result)}
    second = client.responses.create(model=model, input=[*asked, *first.output, answer], tools=[FUNCTION])
    repeated = second.output_text
    assert json.loads(repeated[repeated.index("{"):]) == result


def test_streamed_function_call(client, model):
    arguments, done = "", None
    for event in client.responses.create(model=model, input=values.PROMPT, tools=[FUNCTION], stream=True):
        if event.type == "response.function_call_arguments.delta":
            arguments += event.delta
        elif event.type == "response.function_call_arguments.done":
            done = event.arguments
    assert arguments == done
    assert json.loads(arguments) == {"query": values.PROMPT}


def test_parsed(client, model):
    response = client.responses.parse(model=model, input=values.PROMPT, text_format=Letter)
    assert response.output_parsed.recipient == values.PROMPT


def test_parsed_from_a_stream(client, model):
    with client.responses.stream(model=model, input=values.PROMPT, text_format=Letter) as stream:
        assert stream.get_final_response().output_parsed.recipient == values.PROMPT
