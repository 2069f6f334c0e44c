"""Text completions, embeddings, the list of models, and what errors look like."""

import math

import openai
import pytest

import values


def test_models(models, model):
    assert model in models


def test_completion(client, model):
    completion = client.completions.create(model=model, prompt=values.PROMPT)
    assert completion.choices[0].text.endswith(values.PROMPT)


def test_streamed_completion(client, model):
    chunks = list(client.completions.create(model=model, prompt=[values.PROMPT, "Second."], stream=True))
    texts = ["", ""]
    for chunk in chunks:
        for choice in chunk.choices:
            texts[choice.index] += choice.text
    assert texts[0].endswith(values.PROMPT)
    assert texts[1].endswith("Second.")


def test_embeddings(client, embedding_model):
    several = client.embeddings.create(model=embedding_model, input=[values.PROMPT, "Second."])
    assert [entry.index for entry in several.data] == [0, 1]
    assert several.data[0].embedding != several.data[1].embedding
    plain = client.embeddings.create(model=embedding_model, input=values.PROMPT, encoding_format="float")
    # Without a format the SDK asks for base64 and unpacks it; both must be the same vector of the same text.
    assert plain.data[0].embedding == pytest.approx(several.data[0].embedding, abs=1e-6)
    assert math.fsum(value * value for value in plain.data[0].embedding) == pytest.approx(1, abs=1e-4)
    short = client.embeddings.create(model=embedding_model, input=values.PROMPT, dimensions=16)
    assert len(short.data[0].embedding) == 16


def test_unknown_key(client, model):
    stranger = client.with_options(api_key="sk-not-a-key-of-this-gateway")
    with pytest.raises(openai.AuthenticationError) as error:
        stranger.chat.completions.create(model=model, messages=[{"role": "user", "content": values.PROMPT}])
    assert_shaped(error.value, 401)


def test_unknown_model(client):
    with pytest.raises(openai.APIStatusError) as error:
        client.chat.completions.create(
            model="no-such-model", messages=[{"role": "user", "content": values.PROMPT}]
        )
    assert_shaped(error.value, 404, 403, 400)


def test_malformed_request(client, model):
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=model, messages=values.PROMPT)
    assert_shaped(error.value, 400)


def test_ungoverned_endpoint(client, through_gateway):
    with pytest.raises(openai.NotFoundError) as error:
        client.files.list()
    assert_shaped(error.value, 404)
    assert "/v1/files" in error.value.message


def test_health_prompt(client, model, mode):
    asked = {"model": model, "messages": [{"role": "user", "content": values.HEALTH}]}
    if mode != "abroad":
        assert client.chat.completions.create(**asked).choices[0].message.content.endswith(values.HEALTH)
        return
    for streamed in (False, True):
        with pytest.raises(openai.APIStatusError) as error:
            client.chat.completions.create(**asked, stream=streamed)
        assert_shaped(error.value, 403, 503)
        assert "health-stays-hds" in error.value.message, "the refusal names no rule"
        assert "HDS" in error.value.message or "GDPR" in error.value.message, "the refusal gives no reason"


def test_headers_say_what_happened(client, model, mode, through_gateway):
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": values.PROMPT}]
    )
    assert raw.headers.get("octroi-request-id")
    country = "US" if mode == "abroad" else "FR"
    assert country in [value for name, value in raw.headers.items() if name.startswith("octroi-")]
    assert raw.parse().choices[0].message.content.endswith(values.PROMPT)


def assert_shaped(error: openai.APIStatusError, *statuses: int) -> None:
    assert error.status_code in statuses
    assert error.body["message"], "the error has no message"
    assert error.body["type"], "the error has no type"
    assert "code" in error.body
    shown = error.response.text
    assert not [value for value in values.PLANTED if value in shown], "the error quotes the request"
