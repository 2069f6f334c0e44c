"""The official `boto3` package, unmodified: converse, streams of binary frames, invoke-model; a key as a bearer token."""

import json
import os

from planted import EMAIL, IBAN, KEY, NAME, PHONE, PROMPT, URL, back

os.environ["AWS_BEARER_TOKEN_BEDROCK"] = KEY

import boto3  # noqa: E402  it reads its environment
import pytest  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

from planted import CA  # noqa: E402

MESSAGES = [{"role": "user", "content": [{"text": PROMPT}]}]
TOOL = {"toolSpec": {"name": "write_letter", "inputSchema": {"json": {"type": "object", "properties": {"text": {"type": "string"}}}}}}


@pytest.fixture(scope="module")
def client():
    config = Config(retries={"max_attempts": 1}, region_name="eu-west-3")
    return boto3.client("bedrock-runtime", endpoint_url=URL, verify=CA, config=config)


def test_converse(client):
    answer = client.converse(modelId="assistant", messages=MESSAGES, system=[{"text": f"For {NAME}."}],
                             inferenceConfig={"maxTokens": 5, "stopSequences": [NAME]})
    back(answer["output"]["message"]["content"][0]["text"])


def test_converse_stream(client):
    text = ""
    for event in client.converse_stream(modelId="assistant", messages=MESSAGES)["stream"]:
        text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
    back(text)


def test_tools(client):
    config = {"tools": [TOOL]}
    answer = client.converse(modelId="assistant", messages=MESSAGES, toolConfig=config)
    back(answer["output"]["message"]["content"][0]["toolUse"]["input"]["text"])
    arguments = ""
    for event in client.converse_stream(modelId="assistant", messages=MESSAGES, toolConfig=config)["stream"]:
        arguments += event.get("contentBlockDelta", {}).get("delta", {}).get("toolUse", {}).get("input", "")
    back(json.loads(arguments)["text"])


def test_every_part_of_a_conversation_is_read(client):
    messages = [
        {"role": "user", "content": [{"text": "Who?"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "find", "input": {"mail": EMAIL}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"json": {"call": PHONE}}, {"text": f"refund to {IBAN}, {NAME}"}]}}]},
    ]
    answer = client.converse(modelId="assistant", messages=messages)
    back(answer["output"]["message"]["content"][0]["text"])


def body(**more):
    asked = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 5, "messages": [{"role": "user", "content": PROMPT}]}
    return json.dumps({**asked, **more})


def test_invoke_model(client):
    answer = json.loads(client.invoke_model(modelId="assistant", body=body())["body"].read())
    back(answer["content"][1]["text"])


def test_invoke_model_stream(client):
    text = ""
    for event in client.invoke_model_with_response_stream(modelId="assistant", body=body())["body"]:
        inner = json.loads(event["chunk"]["bytes"])
        text += inner.get("delta", {}).get("text", "")
    back(text)


def test_the_models_of_others_are_read_as_unknown(client):
    answer = json.loads(client.invoke_model(modelId="assistant", body=json.dumps({"inputText": PROMPT}))["body"].read())
    back(answer["content"][1]["text"])


def test_images_and_unknown_models_are_refused(client):
    image = {"image": {"format": "png", "source": {"bytes": b"\x89PNG\r\n\x1a\n" * 9}}}
    with pytest.raises(ClientError) as refused:
        client.converse(modelId="assistant", messages=[{"role": "user", "content": [image]}])
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError) as unknown:
        client.converse(modelId="eu.other.model-v1:0", messages=MESSAGES)
    assert unknown.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_documents_and_members_of_the_model(client):
    document = {"document": {"format": "txt", "name": "letter", "source": {"bytes": PROMPT.encode()}}}
    answer = client.converse(modelId="assistant", messages=[{"role": "user", "content": [{"text": "Who?"}, document]}],
                             additionalModelRequestFields={"top_k": 3, "metadata": {"who": NAME}}, requestMetadata={"who": NAME})
    back(answer["output"]["message"]["content"][0]["text"], NAME)


def test_what_is_not_governed_is_named(client):
    with pytest.raises(ClientError) as refused:
        client.apply_guardrail(guardrailIdentifier="g", guardrailVersion="1", source="INPUT", content=[{"text": {"text": PROMPT}}])
    assert "guardrail" in str(refused.value)
