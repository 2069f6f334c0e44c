"""What servers of open models add: members of chat, reranking, scores, tokens. The calls are plain, through the SDK's client."""

import openai
import pytest

from planted import KEY, NAME, PROMPT, URL, VALUES, back


@pytest.fixture(scope="module")
def client() -> openai.OpenAI:
    return openai.OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=60)


def post(client, path, body):
    return client.post(URL + path, body=body, cast_to=object)


def test_chat_with_members_of_the_server(client):
    more = {"chat_template_kwargs": {"enable_thinking": False}, "guided_json": {"type": "object"}, "documents": [{"title": NAME, "text": PROMPT}]}
    answer = client.chat.completions.create(model="assistant", messages=[{"role": "user", "content": "Who?"}], extra_body=more)
    back(answer.choices[0].message.content)


def test_rerank(client):
    for path in ("/v1/rerank", "/v2/rerank", "/rerank"):
        answer = post(client, path, {"model": "assistant", "query": NAME, "documents": list(VALUES), "return_documents": True})
        back(answer["results"][0]["document"]["text"])
    answer = post(client, "/v1/ranking", {"model": "assistant", "query": {"text": NAME}, "passages": [{"text": PROMPT}]})
    back(answer["results"][0]["document"]["text"])


def test_score(client):
    assert post(client, "/v1/score", {"model": "assistant", "text_1": NAME, "text_2": list(VALUES)})["data"]


def test_tokens_cannot_be_read_and_stay(client):
    answer = post(client, "/tokenize", {"model": "assistant", "prompt": PROMPT, "return_token_strs": True})
    assert answer["token_strs"] is None and answer["count"] == 1
    with pytest.raises(openai.PermissionDeniedError):
        post(client, "/detokenize", {"model": "assistant", "tokens": [1, 2, 3]})


def test_addresses_of_other_servers_are_refused(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="assistant", messages=[], extra_body={"kv_transfer_params": {"remote_host": "x"}})
    assert refused.value.code == "routing_not_supported"


def test_structured_outputs(client):
    for asked in ({"choice": [NAME, "nobody"]}, {"regex": "[a-z ]+"}, {"json_object": True}, {"json": {"type": "object"}}, {"grammar": "root ::= \"a\""}):
        answer = client.chat.completions.create(
            model="assistant", messages=[{"role": "user", "content": PROMPT}], extra_body={"structured_outputs": asked})
        assert NAME in answer.choices[0].message.content, asked


def test_completions_and_embeddings(client):
    back(client.completions.create(model="assistant", prompt=[PROMPT], extra_body={"guided_choice": [NAME]}).choices[0].text)
    assert client.embeddings.create(model="assistant", input=[PROMPT], extra_body={"truncate_prompt_tokens": 9}).data
