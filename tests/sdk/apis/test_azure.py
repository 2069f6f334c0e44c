"""The official `openai` package as Azure's client: deployments in the path, versions in the query, the key in `api-key`."""

import openai
import pytest

from planted import EMAIL, KEY, PROMPT, URL, back

TOOL = {"type": "function", "function": {"name": "write_letter", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}}


@pytest.fixture(scope="module")
def client() -> openai.AzureOpenAI:
    return openai.AzureOpenAI(azure_endpoint=URL, api_key=KEY, api_version="2024-10-21", max_retries=0, timeout=60)


@pytest.fixture(scope="module")
def newer() -> openai.OpenAI:
    return openai.OpenAI(base_url=URL + "/openai/v1/", api_key=KEY, max_retries=0, timeout=60)


def ask(**more):
    return {"model": "assistant", "messages": [{"role": "user", "content": PROMPT}], **more}


def test_chat(client):
    back(client.chat.completions.create(**ask()).choices[0].message.content)


def test_stream(client):
    chunks = client.chat.completions.create(**ask(stream=True))
    back("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices))


def test_tools(client):
    call = client.chat.completions.create(**ask(tools=[TOOL])).choices[0].message.tool_calls[0]
    assert call.function.name == "write_letter"
    back(call.function.arguments)


def test_embeddings(client):
    assert client.embeddings.create(model="assistant", input=PROMPT).data[0].embedding


def test_bearer_tokens_of_entra_are_read_like_keys():
    client = openai.AzureOpenAI(azure_endpoint=URL, azure_ad_token=KEY, api_version="2024-10-21", max_retries=0)
    back(client.chat.completions.create(**ask()).choices[0].message.content)


def test_the_newer_paths(newer):
    back(newer.chat.completions.create(**ask()).choices[0].message.content)
    back(newer.responses.create(model="assistant", input=PROMPT).output_text)
    with newer.responses.stream(model="assistant", input=PROMPT) as stream:
        back(stream.get_final_response().output_text)
    assert [model.id for model in newer.models.list()] == ["assistant"]


def test_refusals(client, newer):
    with pytest.raises(openai.BadRequestError) as version:
        openai.AzureOpenAI(azure_endpoint=URL, api_key=KEY, api_version="1961-04-12", max_retries=0).chat.completions.create(**ask())
    assert version.value.code == "query_not_allowed"
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(**{**ask(), "model": EMAIL})
    with pytest.raises(openai.NotFoundError) as kept:
        newer.responses.retrieve("resp_1")
    assert kept.value.code == "response_not_found"
    with pytest.raises(openai.BadRequestError) as state:
        newer.responses.cancel("resp_1")
    assert state.value.code == "stateful_not_supported"
    with pytest.raises(openai.NotFoundError) as files:
        newer.files.list()
    assert "not governed" in str(files.value)


def test_completions_and_streamed_tools(client, newer):
    back(client.completions.create(model="assistant", prompt=PROMPT).choices[0].text)
    back("".join(chunk.choices[0].text for chunk in client.completions.create(model="assistant", prompt=PROMPT, stream=True) if chunk.choices))
    back(newer.completions.create(model="assistant", prompt=PROMPT).choices[0].text)
    chunks = client.chat.completions.create(**ask(tools=[TOOL], stream=True))
    calls = [chunk.choices[0].delta.tool_calls for chunk in chunks if chunk.choices]
    back("".join(call.function.arguments or "" for piece in calls if piece for call in piece))
