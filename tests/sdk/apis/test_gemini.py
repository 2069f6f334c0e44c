"""The official `google-genai` package, unmodified, as a client of the Gemini API."""

import json
import urllib.request
import ssl

import pytest
from google import genai
from google.genai import errors, types

import gemini_suite as suite
from planted import CA, KEY, NAME, PROMPT, URL, VALUES, back


@pytest.fixture(scope="module")
def client() -> genai.Client:
    return genai.Client(api_key=KEY, vertexai=False, http_options=types.HttpOptions(base_url=URL))


@pytest.mark.parametrize("does", [suite.content, suite.stream, suite.tools, suite.conversation, suite.counts, suite.refusals,
                                  suite.structured, suite.streamed_tools, suite.chat, suite.attachment])
def test_client(client, does):
    does(client)


def test_embeddings(client):
    assert client.models.embed_content(model="assistant", contents=list(VALUES)).embeddings


def test_models(client):
    assert [model.name for model in client.models.list()] == ["models/assistant"]


def test_what_is_not_governed_is_named(client):
    with pytest.raises(errors.ClientError) as files:
        list(client.files.list())
    assert "/files" in str(files.value)


def test_a_growing_array_comes_back_whole():
    """Without `alt=sse` a stream is one array; the key may stand in the query."""
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}).encode()
    request = urllib.request.Request(f"{URL}/v1beta/models/assistant:streamGenerateContent?key={KEY}", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=CA)) as answer:
        events = json.load(answer)
    parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
    back("".join(part["text"] for part in parts if not part.get("thought")))
    back("".join(part["text"] for part in parts if part.get("thought")))


def test_snake_case_is_read_too():
    part = {"inline_data": {"mime_type": "text/plain", "data": "AAAA"}}
    body = json.dumps({"contents": [{"role": "user", "parts": [part]}], "system_instruction": {"parts": [{"text": NAME}]}}).encode()
    request = urllib.request.Request(f"{URL}/v1beta/models/assistant:generateContent", body, {"content-type": "application/json", "x-goog-api-key": KEY})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=ssl.create_default_context(cafile=CA))
    assert refused.value.code == 403
