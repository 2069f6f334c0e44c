"""The official `anthropic` package, unmodified: messages, streams, thinking, tools, documents, counts, models, refusals."""

import base64
import json

import anthropic
import pytest

from planted import EMAIL, IBAN, KEY, NAME, PHONE, PROMPT, URL, back

TOOL = {
    "name": "write_letter",
    "description": "Writes a letter.",
    "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
}


@pytest.fixture(scope="module")
def client() -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0, timeout=60)


def ask(content, **more):
    return {"model": "assistant", "max_tokens": 100, "messages": [{"role": "user", "content": content}], **more}


def test_a_message_comes_back_whole(client):
    message = client.messages.create(**ask(PROMPT))
    assert [block.type for block in message.content] == ["thinking", "text"]
    back(message.content[0].thinking)
    back(message.content[1].text)


def test_the_head_tells_how_it_was_served(client):
    raw = client.messages.with_raw_response.create(**ask(PROMPT))
    assert raw.headers["octroi-backend"] == "us-cloud" and raw.headers["octroi-changed"] != "none"


def test_a_stream_comes_back_whole(client):
    with client.messages.stream(**ask(PROMPT)) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    back(text)
    back(message.content[0].thinking)
    assert message.content[1].text == text and message.stop_reason == "end_turn"


def test_arguments_of_tools_come_back(client):
    message = client.messages.create(**ask(PROMPT, tools=[TOOL]))
    call = message.content[1]
    assert (call.type, call.name) == ("tool_use", "write_letter")
    back(call.input["text"])


def test_streamed_arguments_of_tools_are_json_with_the_values(client):
    with client.messages.stream(**ask(PROMPT + ' a "quoted" \\ word', tools=[TOOL])) as stream:
        message = stream.get_final_message()
    back(message.content[1].input["text"])
    assert 'a "quoted" \\ word' in message.content[1].input["text"]


def test_every_part_of_a_conversation_is_read(client):
    message = client.messages.create(
        model="assistant",
        max_tokens=100,
        system=[{"type": "text", "text": f"You answer for {NAME}."}],
        metadata={"user_id": EMAIL},
        stop_sequences=[f"Regards, {NAME}"],
        messages=[
            {"role": "user", "content": "Who is it?"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"mail": EMAIL}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": f"call {PHONE}"}]},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": f"refund to {IBAN}"}, "title": NAME},
            ]},
        ],
    )
    back(message.content[1].text)


def test_keys_of_arguments_come_back(client):
    content = [{"type": "tool_use", "id": "toolu_1", "name": "find", "input": {EMAIL: 1}}]
    messages = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": content}, {"role": "user", "content": "go on"}]
    message = client.messages.create(model="assistant", max_tokens=10, messages=messages)
    back(message.content[1].text, EMAIL)


def test_structured_output_stays_json(client):
    form = {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
    message = client.messages.create(**ask(PROMPT, extra_body={"output_config": {"format": form}}))
    back(message.content[1].text)


def test_attachments_of_text_are_read_in_place(client):
    code = base64.standard_b64encode(PROMPT.encode()).decode()
    document = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": code}}
    message = client.messages.create(**ask([document]))
    sent = next(word for word in message.content[1].text.split() if len(word) > 100)
    assert NAME not in base64.standard_b64decode(sent).decode() and "PERSON_" in base64.standard_b64decode(sent).decode()


def test_images_do_not_go_abroad(client):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    with pytest.raises(anthropic.PermissionDeniedError) as refused:
        client.messages.create(**ask([image]))
    assert refused.value.body["error"]["octroi"]["code"] == "refused_by_policy"


def test_counts_of_tokens(client):
    counted = client.messages.count_tokens(model="assistant", messages=[{"role": "user", "content": PROMPT}])
    assert counted.input_tokens > 0


def test_models(client):
    listed = list(client.models.list())
    assert [model.id for model in listed] == ["assistant"]
    assert client.models.retrieve("assistant").id == "assistant"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("unknown")


def test_refusals_are_the_exceptions_of_the_sdk(client):
    with pytest.raises(anthropic.NotFoundError) as unknown:
        client.messages.create(model="unknown", max_tokens=1, messages=[{"role": "user", "content": "x"}])
    assert unknown.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.AuthenticationError):
        anthropic.Anthropic(base_url=URL, api_key="wrong", max_retries=0).messages.create(**ask("x"))
    with pytest.raises(anthropic.NotFoundError) as batches:
        client.messages.batches.list()
    assert "/v1/messages/batches" in batches.value.body["error"]["message"]
    with pytest.raises(anthropic.BadRequestError) as beta:
        client.messages.create(**ask("x"), extra_headers={"anthropic-beta": "made-tomorrow-2099-01-01"})
    assert beta.value.body["error"]["octroi"]["code"] == "header_not_governed"


@pytest.mark.parametrize("beta", [
    "compact-2026-01-12", "compact-2026-09-04", "fast-mode-2026-02-01", "mid-conversation-output-config-2026-07-01",
    "mid-conversation-system-clear-at-2026-08-21", "output-300k-2026-03-24", "task-budgets-2026-03-13",
    "thinking-binding-controls-2026-08-01", "thinking-display-updates-2026-08-18", "thinking-token-count-2026-05-13"])
def test_features_that_are_read_whole_pass(client, beta):
    message = client.beta.messages.create(**ask(PROMPT), betas=[beta])
    back(message.content[1].text)


@pytest.mark.parametrize("beta, why", [
    ("message-threads-2026-08-12", "provider keeps"), ("files-api-2025-04-14", "files that the provider holds"),
    ("mcp-client-2026-09-15", "run or fetch at the provider"), ("server-side-fallback-2026-07-01", "another model")])
def test_other_features_are_refused_with_the_reason(client, beta, why):
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.beta.messages.create(**ask("x"), betas=[beta])
    said = refused.value.body["error"]
    assert said["octroi"]["code"] == "header_not_governed" and beta in said["message"] and why in said["message"]


def test_another_api_says_which_one_is_spoken(client):
    answer = client._client.post(URL + "/v1/chat/completions", headers={"authorization": f"Bearer {KEY}"},
                                 json={"model": "assistant", "messages": []})
    assert answer.status_code == 404
    assert "anthropic (/v1/messages" in json.loads(answer.text)["error"]["message"]
