"""The official `mistralai` package, unmodified: chat, streams, tools, fill in the middle, agents, embeddings, moderations."""

import pytest
from mistralai.client import Mistral

from planted import IBAN, KEY, NAME, PROMPT, URL, VALUES, back

TOOL = {"type": "function", "function": {"name": "write_letter", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}}
MESSAGES = [{"role": "user", "content": PROMPT}]


@pytest.fixture(scope="module")
def client() -> Mistral:
    return Mistral(api_key=KEY, server_url=URL)


def test_chat(client):
    back(client.chat.complete(model="assistant", messages=MESSAGES, safe_prompt=True, random_seed=7).choices[0].message.content)


def test_stream(client):
    events = client.chat.stream(model="assistant", messages=MESSAGES)
    back("".join(event.data.choices[0].delta.content or "" for event in events))


def test_tools(client):
    call = client.chat.complete(model="assistant", messages=MESSAGES, tools=[TOOL]).choices[0].message.tool_calls[0]
    assert call.function.name == "write_letter"
    back(str(call.function.arguments))


def test_parts_of_a_message(client):
    content = [{"type": "text", "text": f"About {NAME}"}, {"type": "text", "text": f"refund to {IBAN}"}]
    answer = client.chat.complete(model="assistant", messages=[{"role": "user", "content": content}])
    back(answer.choices[0].message.content, NAME, IBAN)


def test_fill_in_the_middle(client):
    answer = client.fim.complete(model="assistant", prompt=f"# {PROMPT}\ndef f():", suffix=f"# {NAME}")
    back(answer.choices[0].message.content)
    events = client.fim.stream(model="assistant", prompt=f"# {PROMPT}\ndef f():")
    back("".join(event.data.choices[0].delta.content or "" for event in events))


def test_agents_run_at_the_provider_and_need_a_line_of_the_sheet(client):
    with pytest.raises(Exception) as refused:
        client.agents.complete(agent_id="assistant", messages=MESSAGES)
    assert getattr(refused.value, "status_code", None) == 403 and "refused_by_policy" in str(refused.value)


def test_embeddings_and_moderations(client):
    assert client.embeddings.create(model="assistant", inputs=list(VALUES)).data
    assert client.classifiers.moderate(model="assistant", inputs=[PROMPT]).results
    assert client.classifiers.moderate_chat(model="assistant", inputs=[MESSAGES]).results


def test_models(client):
    assert [model.id for model in client.models.list().data] == ["assistant"]


def test_what_is_not_governed_is_named(client):
    with pytest.raises(Exception) as refused:
        client.files.list()
    assert "/v1/files" in str(refused.value)


def test_a_turn_with_a_tool(client):
    turns = [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "abcdefghi", "function": {"name": "find", "arguments": {"who": NAME}}}]},
        {"role": "tool", "tool_call_id": "abcdefghi", "name": "find", "content": PROMPT},
    ]
    back(client.chat.complete(model="assistant", messages=turns).choices[0].message.content)
