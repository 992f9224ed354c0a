"""One request and its answer, from servers that are good, slow, endless or not there."""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from listeners import Reply, listening, nobody
from services import ROOT, certificate
from urllib3.connection import HTTPConnection

from feedpub import __version__
from feedpub.delivery.http_client import (
    HttpResponse,
    _Exchange,
    load_trusted_certificates,
    send_request,
)


def test_a_body_is_posted() -> None:
    """With the headers given, and the name of the program."""
    with listening(202) as server:
        answer = send_request(f"{server.url}a?b=c", b"told", {"Content-Type": "text/plain"})

    (heard,) = server.heard
    assert HttpResponse(202, "so be it", b"so be it") == answer
    assert answer.is_success
    assert ("POST", "/a?b=c", b"told") == (heard.method, heard.path, heard.body)
    assert "text/plain" == heard.headers["content-type"]
    assert f"feedpub/{__version__}" == heard.headers["user-agent"]


def test_without_a_body_it_is_fetched() -> None:
    """By GET."""
    with listening(200) as server:
        answer = send_request(server.url)

    assert 200 == answer.status
    assert "GET" == server.heard[0].method


def test_a_redirect_is_not_followed() -> None:
    """It is an answer like any other: somebody may mend the configuration."""
    with listening(200) as other, listening(Reply(301, headers=(("Location", "/"),))) as server:
        answer = send_request(server.url, b"")

    assert 301 == answer.status
    assert not answer.is_success
    assert [] == other.heard
    assert 1 == len(server.heard)


def test_an_answer_says_when_to_come_again() -> None:
    """As it is written."""
    with listening(Reply(503, headers=(("Retry-After", "120"),))) as server:
        answer = send_request(server.url, b"")

    assert "120" == answer.retry_after


def test_of_a_long_answer_the_beginning_is_read() -> None:
    """And it is known that there was more."""
    with listening(Reply(200, b"x" * 5_000)) as server:
        answer = send_request(server.url, largest=1_000)

    assert b"x" * 1_000 == answer.body
    assert not answer.is_complete
    assert 200 == len(answer.text)


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(drip=True)])
def test_nobody_is_kept_waiting(reply: Reply) -> None:
    """A server that says nothing, or never comes to an end, is left."""
    with listening(reply) as server:
        answer = send_request(server.url, b"", seconds=0.5)

    assert 0 == answer.status
    assert answer.text


def test_where_nobody_listens_there_is_no_answer() -> None:
    """The reason is told."""
    answer = send_request(nobody(), b"")

    assert 0 == answer.status
    assert "refused" in answer.text


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://127.0.0.1:x/", "", "http://[/"])
def test_what_is_no_url_is_not_asked(url: str) -> None:
    """Nor is anything raised."""
    assert HttpResponse(0, "not an http or https URL") == send_request(url)


def test_a_certificate_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    """Nothing is told to whoever shows it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shown, kept = tmp_path / "shown.pem", tmp_path / "kept.pem"
    shown.write_bytes(certificate(key))
    form = PrivateFormat.TraditionalOpenSSL
    kept.write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, kept)

    with listening(200, tls=context) as server:
        answer = send_request(server.url, b"secret")

    assert server.url.startswith("https:")
    assert 0 == answer.status
    assert "certificate" in answer.text.lower()
    assert [] == server.heard


def test_where_tls_is_expected_nothing_else_will_do() -> None:
    """A server of plain HTTP is told nothing."""
    with listening(200) as server:
        answer = send_request(server.url.replace("http:", "https:"), b"")

    assert 0 == answer.status
    assert [] == server.heard


def test_the_end_may_come_before_there_is_a_connection() -> None:
    """As where a name takes long to be found: then nothing is asked any more."""
    with listening(200) as server:
        parts = urlsplit(server.url)
        late = _Exchange(HTTPConnection("127.0.0.1", parts.port), "/", b"", {}, 1)
        late.abort()
        late.run()

    assert HttpResponse(0, "no answer") == late.response
    assert [] == server.heard


def test_the_end_may_come_after_that_of_the_other_side() -> None:
    """It is the same."""
    with listening(200) as server:
        parts = urlsplit(server.url)
        done = _Exchange(HTTPConnection("127.0.0.1", parts.port), "/", b"", {}, 1)
        done.run()
        done.abort()

    assert 200 == done.response.status


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_certificates_that_the_system_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """They are found in one file or in a folder, each once; what is no certificate is passed by."""
    pem = ROOT.certificate.public_bytes(Encoding.PEM)
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (tmp_path / "empty").mkdir()
    (tmp_path / "some").mkdir()
    (tmp_path / "some/a.pem").write_bytes(broken + b"words\n" + pem + pem)
    (tmp_path / "some/b.txt").write_bytes(b"words")
    for each in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(each, str(tmp_path / "empty"))
    place = tmp_path / "some" if variable == "SSL_CERT_DIR" else tmp_path / "some/a.pem"
    monkeypatch.setenv(variable, str(place))

    assert (ROOT.certificate,) == load_trusted_certificates()
