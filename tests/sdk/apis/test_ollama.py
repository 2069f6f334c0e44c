"""The official `ollama` package, unmodified: chat, generate, streams of lines, tools, embeddings, models."""

import ollama
import pytest

from planted import KEY, NAME, PROMPT, URL, back

TOOL = {"type": "function", "function": {"name": "write_letter", "description": "d", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}}
MESSAGES = [{"role": "user", "content": PROMPT}]


@pytest.fixture(scope="module")
def client() -> ollama.Client:
    return ollama.Client(host=URL, headers={"Authorization": f"Bearer {KEY}"})


def test_chat(client):
    back(client.chat(model="assistant", messages=MESSAGES, options={"temperature": 0.5, "stop": [NAME]}).message.content)


def test_stream(client):
    parts = list(client.chat(model="assistant", messages=MESSAGES, stream=True))
    back("".join(part.message.content or "" for part in parts))
    assert parts[-1].done and parts[-1].eval_count == 4


def test_generate(client):
    back(client.generate(model="assistant", prompt=PROMPT, system=f"For {NAME}.").response)
    back("".join(part.response for part in client.generate(model="assistant", prompt=PROMPT, stream=True)))


def test_tools(client):
    call = client.chat(model="assistant", messages=MESSAGES, tools=[TOOL]).message.tool_calls[0]
    assert call.function.name == "write_letter"
    back(call.function.arguments["text"])
    calls = [part.message.tool_calls for part in client.chat(model="assistant", messages=MESSAGES, tools=[TOOL], stream=True)]
    back(next(call for call in calls if call)[0].function.arguments["text"])


def test_embeddings(client):
    assert client.embed(model="assistant", input=[PROMPT, NAME]).embeddings


def test_models(client):
    assert [model.model for model in client.list().models] == ["assistant"]


def test_refusals(client):
    with pytest.raises(ollama.ResponseError) as unknown:
        client.chat(model="unknown", messages=MESSAGES)
    assert unknown.value.status_code == 404
    with pytest.raises(ollama.ResponseError) as pull:
        client.pull("assistant")
    assert "/api/pull" in str(pull.value)
    with pytest.raises(ollama.ResponseError) as image:
        client.chat(model="assistant", messages=[{"role": "user", "content": "x", "images": [b"\x89PNG\r\n\x1a\n" * 20]}])
    assert image.value.status_code == 403


def test_conversation_and_schema(client):
    turns = [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "find", "arguments": {"who": NAME}}}]},
        {"role": "tool", "tool_name": "find", "content": PROMPT},
    ]
    schema = {"type": "object", "properties": {"who": {"enum": [NAME]}}}
    back(client.chat(model="assistant", messages=turns, format=schema, think=False, keep_alive="5m").message.content)
    back(client.generate(model="assistant", prompt="Who?", suffix=PROMPT, template="{{ .Prompt }}", raw=True).response)
