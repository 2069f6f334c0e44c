"""Sets what an application developer would set, and nothing else, before the SDK is imported."""

import json
import os
import re
import ssl
import urllib.request

import pytest

import values

MODES = ("home", "abroad", "direct")


def read_client_env() -> dict[str, str]:
    path = os.environ.get("OCTROI_CLIENT_ENV")
    if not path:
        pytest.exit("OCTROI_CLIENT_ENV names no client.env file", returncode=2)
    with open(path, encoding="utf-8") as lines:
        pairs = (line.strip().removeprefix("export ").partition("=") for line in lines if not line.startswith("#"))
        return {key: value.strip("\"'") for key, separator, value in pairs if separator}


MODE = os.environ.get("OCTROI_SDK_MODE", "")
if MODE not in MODES:
    pytest.exit(f"OCTROI_SDK_MODE must be one of {', '.join(MODES)}", returncode=2)
for name in [name for name in os.environ if name.startswith("OPENAI_") or name.lower().endswith("_proxy")]:
    del os.environ[name]
CLIENT_ENV = read_client_env()
os.environ.update({key: CLIENT_ENV[key] for key in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "SSL_CERT_FILE")})

from openai import OpenAI  # noqa: E402  the SDK reads its environment


def received_bodies() -> str:
    """What reached the servers that may be reached in this mode, JSON escapes undone so that no spelling hides."""
    urls = [url for url in os.environ.get("OCTROI_RECEIVED_URLS", "").split(",") if url]
    assert urls, "OCTROI_RECEIVED_URLS names no server"
    context = ssl.create_default_context(cafile=CLIENT_ENV["SSL_CERT_FILE"])
    raw = ""
    for url in urls:
        with urllib.request.urlopen(url, context=context, timeout=30) as answer:
            raw += answer.read().decode()
    return raw + "\n" + undone(raw)


def undone(text: str) -> str:
    """Undoes \\uXXXX escapes, once per layer of JSON in strings."""
    for _ in range(3):
        text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda escape: json.loads(f'"\\u{escape[1]}"'), text)
    return text


@pytest.fixture(scope="session")
def mode() -> str:
    return MODE


@pytest.fixture(scope="session")
def client() -> OpenAI:
    return OpenAI(max_retries=0, timeout=60)


@pytest.fixture(scope="session")
def models(client: OpenAI) -> list[str]:
    return [listed.id for listed in client.models.list()]


@pytest.fixture(scope="session")
def model(models: list[str]) -> str:
    return os.environ.get("OCTROI_SDK_MODEL") or next(name for name in models if "embed" not in name)


@pytest.fixture(scope="session")
def embedding_model(models: list[str], model: str) -> str:
    return next((name for name in models if "embed" in name), model)


@pytest.fixture
def through_gateway(mode: str) -> None:
    if mode == "direct":
        pytest.skip("only a gateway does this")


@pytest.fixture(scope="session", autouse=True)
def nothing_crossed_that_must_not(mode: str):
    """Checks, when all tests have run, what reached the servers."""
    yield
    bodies = received_bodies()
    seen = [number for number, value in enumerate(values.PLANTED) if value in bodies]
    if mode == "abroad":
        # Positions, not values: a report must not show what it says was protected.
        assert not seen, f"planted values {seen} crossed"
        assert re.search(r"[A-Z]{2,}_[0-9A-HJKMNP-TV-Z]{8}", bodies), "no pseudonym crossed, so nothing was tested"
    else:
        assert seen, "no planted value reached a server, so nothing was tested"
