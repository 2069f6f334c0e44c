"""Responses that the server keeps: gone on from, shown again, deleted."""

import openai
import pytest

import values


@pytest.fixture
def kept(mode: str) -> None:
    if mode == "abroad":
        pytest.skip("nothing is kept abroad: the next test says what a developer is told")


def test_conversation(kept, client, model):
    first = client.responses.create(model=model, input=f"I am {values.PERSON}, {values.EMAIL}.")
    second = client.responses.create(model=model, input="And now?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert values.EMAIL in second.output_text and second.output_text.endswith("And now?")
    third = client.responses.create(model=model, input="Thank you.", previous_response_id=second.id, store=False)
    assert values.EMAIL in third.output_text
    with pytest.raises(openai.BadRequestError) as gone:
        client.responses.create(model=model, input="Still there?", previous_response_id=third.id)
    assert gone.value.code == "previous_response_not_found"


def test_streamed_conversation(kept, client, model):
    first = None
    for event in client.responses.create(model=model, input=values.PROMPT, store=True, stream=True):
        if event.type in ("response.created", "response.completed"):
            assert first in (None, event.response.id), "one response has one id"
            first = event.response.id
    with client.responses.stream(model=model, input="And now?", previous_response_id=first) as stream:
        final = stream.get_final_response()
    assert values.PROMPT in final.output_text
    assert final.previous_response_id == first


def test_shown_again_and_deleted(kept, client, model):
    made = client.responses.create(model=model, input=values.PROMPT)
    again = client.responses.retrieve(made.id)
    assert (again.id, again.output_text) == (made.id, made.output_text)
    (item,) = client.responses.input_items.list(made.id, limit=20, order="asc").data
    assert item.content[0].text == values.PROMPT
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError) as gone:
        client.responses.retrieve(made.id)
    assert made.id in gone.value.message or "kept" in gone.value.message


def test_a_long_list_and_the_stream_again(kept, client, model):
    turns = [{"role": "user", "content": f"turn {number}"} for number in range(23)]
    made = client.responses.create(model=model, input=turns)
    listed = [item.content for item in client.responses.input_items.list(made.id, order="asc")]
    assert listed == [turn["content"] for turn in turns]
    client.responses.retrieve(made.id, include=["message.output_text.logprobs"])
    events = list(client.responses.retrieve(made.id, stream=True))
    assert {event.response.id for event in events if hasattr(event, "response")} == {made.id}
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == made.output_text
    rest = list(client.responses.retrieve(made.id, stream=True, starting_after=events[1].sequence_number))
    assert [event.type for event in rest] == [event.type for event in events[2:]]


def test_nothing_is_kept_abroad(mode, client, model):
    if mode != "abroad":
        pytest.skip("the servers at home keep what they answer")
    made = client.responses.create(model=model, input=values.PROMPT, store=True)
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=model, input="And now?", previous_response_id=made.id)
    assert refused.value.code == "previous_response_not_found"
    assert "send the whole conversation" in refused.value.message
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_what_grows_at_the_provider(through_gateway, client, model):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=model, input="x", conversation="conv_1")
    assert refused.value.code == "stateful_not_supported"
    assert "previous_response_id" in refused.value.message
