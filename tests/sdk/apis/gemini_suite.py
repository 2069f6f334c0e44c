"""What the `google-genai` package does, in either of its modes."""

import pytest
from google.genai import errors, types

from planted import NAME, PROMPT, back

TOOL = types.Tool(function_declarations=[types.FunctionDeclaration(
    name="write_letter", description="d", parameters=types.Schema(type="OBJECT", properties={"text": types.Schema(type="STRING")}))])


def content(client):
    config = types.GenerateContentConfig(system_instruction=f"You answer for {NAME}.", stop_sequences=[NAME], temperature=0.5)
    answer = client.models.generate_content(model="assistant", contents=PROMPT, config=config)
    back(answer.text)


def stream(client):
    text, thought = "", ""
    for chunk in client.models.generate_content_stream(model="assistant", contents=PROMPT):
        for part in chunk.candidates[0].content.parts or []:
            if part.thought:
                thought += part.text or ""
            else:
                text += part.text or ""
    back(text)
    back(thought)


def tools(client):
    config = types.GenerateContentConfig(tools=[TOOL])
    call = client.models.generate_content(model="assistant", contents=PROMPT, config=config).function_calls[0]
    assert call.name == "write_letter"
    back(call.args["text"])


def arguments_in_pieces(client):
    calling = types.FunctionCallingConfig(mode="ANY", stream_function_call_arguments=True)
    config = types.GenerateContentConfig(
        tools=[TOOL], tool_config=types.ToolConfig(function_calling_config=calling),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    text = ""
    for chunk in client.models.generate_content_stream(model="assistant", contents=PROMPT, config=config):
        for part in chunk.candidates[0].content.parts or []:
            for arg in (part.function_call and part.function_call.partial_args) or []:
                assert arg.json_path == "$.text"
                text += arg.string_value or ""
    back(text)


def conversation(client):
    contents = [
        types.Content(role="user", parts=[types.Part(text="Who?")]),
        types.Content(role="model", parts=[types.Part(function_call=types.FunctionCall(name="find", args={"who": NAME}))]),
        types.Content(role="user", parts=[types.Part(function_response=types.FunctionResponse(name="find", response={"text": PROMPT}))]),
    ]
    back(client.models.generate_content(model="assistant", contents=contents).text)


def counts(client):
    assert client.models.count_tokens(model="assistant", contents=PROMPT).total_tokens > 0


def refusals(client):
    with pytest.raises(errors.ClientError) as unknown:
        client.models.generate_content(model="unknown", contents="x")
    assert unknown.value.code == 404 and unknown.value.status == "NOT_FOUND"
    with pytest.raises(errors.ClientError) as image:
        client.models.generate_content(model="assistant", contents=[types.Part.from_bytes(data=b"\x89PNG\r\n\x1a\n" * 9, mime_type="image/png")])
    assert image.value.code == 403
    with pytest.raises(errors.ClientError) as search:
        config = types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())])
        client.models.generate_content(model="assistant", contents="x", config=config)
    assert search.value.code == 403


def structured(client):
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=types.Schema(type="OBJECT", properties={
        "who": types.Schema(type="STRING", enum=[NAME, "nobody"])}))
    back(client.models.generate_content(model="assistant", contents=PROMPT, config=config).text)


def streamed_tools(client):
    calls = []
    for chunk in client.models.generate_content_stream(model="assistant", contents=PROMPT, config=types.GenerateContentConfig(tools=[TOOL])):
        calls += chunk.function_calls or []
    back(calls[0].args["text"])


def chat(client):
    turns = client.chats.create(model="assistant")
    back(turns.send_message(PROMPT).text)
    back("".join(chunk.text or "" for chunk in turns.send_message_stream("and again?")))


def attachment(client):
    """What is in it leaves with pseudonyms, which the suite's caller looks at."""
    parts = [types.Part.from_bytes(data=PROMPT.encode(), mime_type="text/plain"), types.Part(text=NAME)]
    back(client.models.generate_content(model="assistant", contents=[types.Content(role="user", parts=parts)]).text, NAME)
