"""The forms of the Graph stand-in's answers (microsoft-graph-docs: errors.md, beta/resources)."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from bot.sandbox.graph_store import Operation, now
from bot.sandbox.graph_types import Entity, Problem


def json_answer(body: Entity, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def error_body(problem: Problem, inner_key: str, ids: Mapping[str, str]) -> Entity:
    """Return Graph's error object; `ids` are the two request ids."""
    inner = {"date": now()[:19], **ids}
    return {"error": {"code": problem.code, "message": problem.message, inner_key: inner}}


def problem_of_status(status: int) -> Problem:
    """Return the problem of a fault that says no more than its status."""
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase.title().replace(" ", ""), f"{phrase}.")


def operation_entity(operation_id: str, operation: Operation, item_url: str) -> Entity:
    """Return an approvalOperation."""
    error = None
    if operation.status == "failed":
        error = {
            "code": "CancelFailed",
            "message": "The item could not be cancelled.",
            "target": "approvalItem",
        }
    return {
        "id": operation_id,
        "createdDateTime": operation.created,
        "lastActionDateTime": now(),
        "status": operation.status,
        "resourceLocation": item_url,
        "error": error,
    }
