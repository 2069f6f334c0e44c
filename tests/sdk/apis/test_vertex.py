"""The official `google-genai` package, unmodified, as a client of Vertex AI: project and region of its own."""

import pytest
from google import genai
from google.auth import credentials
from google.genai import types

import gemini_suite as suite
from planted import KEY, URL


class Key(credentials.Credentials):
    """The gateway's key in the place of an OAuth token."""

    def __init__(self):
        super().__init__()
        self.token = KEY

    def refresh(self, request):
        self.token = KEY

    @property
    def valid(self):
        return True


@pytest.fixture(scope="module")
def client() -> genai.Client:
    options = types.HttpOptions(base_url=URL)
    return genai.Client(vertexai=True, project="a-project", location="us-central1", credentials=Key(), http_options=options)


@pytest.mark.parametrize("does", [suite.content, suite.stream, suite.tools, suite.arguments_in_pieces,
                                  suite.conversation, suite.counts, suite.refusals])
def test_client(client, does):
    does(client)
