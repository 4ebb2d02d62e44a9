"""Graph's error answers, in every form that was seen or can be feared."""

import json

import httpx
import pytest

from bot.graph.errors import retry_after, service_error

NOTHING: tuple[str, ...] = ()


def nested(depth: int) -> dict[str, object]:
    error: dict[str, object] = {"code": f"level{depth}"}
    for level in range(depth - 1, -1, -1):
        error = {"code": f"level{level}", "innerError": error}
    return {"error": error}


@pytest.mark.parametrize(
    ("body", "codes", "message"),
    [
        ({"error": {"code": "Outer", "message": "Told."}}, ("Outer",), "Told."),
        ({"error": {"code": "A", "innerError": {"code": "B"}}}, ("B", "A"), ""),
        ({"error": {"code": "A", "innererror": {"code": "B"}}}, ("B", "A"), ""),
        ({"error": {"code": "A", "innerError": {"code": "B", "innererror": {"code": "C"}}}}, ("C", "B", "A"), ""),
        ({"error": {"code": "A", "innerError": {"code": "A"}}}, ("A",), ""),
        ({"error": {"code": "", "message": "No code."}}, NOTHING, "No code."),
        ({"error": {"code": "", "innerError": {"code": "Inner"}}}, ("Inner",), ""),
        ({"error": {"code": "A", "innerError": {"code": ""}}}, ("A",), ""),
        ({"error": {"code": 5, "message": ["x"], "innerError": "x"}}, NOTHING, ""),
        ({"error": {"code": "A", "message": '{"_version":3,"Message":"Readable."}'}}, ("A",), "Readable."),
        ({"error": {"code": "A", "message": '{"_version":3}'}}, ("A",), '{"_version":3}'),
        ({"error": {"code": "A", "message": '{"Message":5}'}}, ("A",), '{"Message":5}'),
        ({"error": {"code": "A", "message": "5"}}, ("A",), "5"),
        ({"error": "invalid_request", "error_description": "Entra's form"}, ("invalid_request",), ""),
        ({"error": None}, NOTHING, ""),
        ({"error": []}, NOTHING, ""),
        ({}, NOTHING, ""),
        ([], NOTHING, ""),
        (None, NOTHING, ""),
    ],
)
def test_json_forms(body: object, codes: tuple[str, ...], message: str) -> None:
    error = service_error(400, {}, json.dumps(body).encode())
    assert (error.status, error.codes, error.message) == (400, codes, message)
    assert error.service_code == (codes[0] if codes else "")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Bad gateway</html>", b"\xff\xfe", b"[" * 100_000, b'{"error":' * 100_000, b'"error"', b"1" * 9999],
)
def test_bodies_that_say_nothing(body: bytes) -> None:
    error = service_error(418, {}, body)
    assert (error.status, error.codes, error.message, error.request_id) == (418, (), "", "")


def test_endless_nesting_ends() -> None:
    error = service_error(400, {}, json.dumps(nested(100)).encode())
    assert error.codes == tuple(f"level{level}" for level in range(9, -1, -1))


def test_long_texts_are_cut() -> None:
    body = {"error": {"code": "c" * 10_000, "message": "m" * 10_000}}
    error = service_error(400, {}, json.dumps(body).encode())
    assert (len(error.service_code), len(error.message)) == (100, 500)


@pytest.mark.parametrize(
    ("headers", "inner", "found"),
    [
        ({"request-id": "header"}, {"request-id": "inner"}, "header"),
        ({}, {"request-id": "inner"}, "inner"),
        ({}, {"innererror": {"request-id": "innermost"}}, "innermost"),
        ({}, {"request-id": 5}, ""),
        ({}, {}, ""),
    ],
)
def test_request_id(headers: dict[str, str], inner: dict[str, object], found: str) -> None:
    body = json.dumps({"error": {"code": "A", "innerError": inner}}).encode()
    assert service_error(400, httpx.Headers(headers), body).request_id == found


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("120", 120.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("1e9", None),
        ("99999999", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(httpx.Headers({"Retry-After": value})) == seconds


def test_retry_after_missing() -> None:
    assert retry_after(httpx.Headers()) is None
