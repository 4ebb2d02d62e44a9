"""DBOS's records of workflows, beside the process that runs them."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy.engine import URL

_UNFINISHED: Final = ("PENDING", "ENQUEUED")


@dataclass(frozen=True)
class Job:
    """A workflow as its records tell. `status` is DBOS's word; `executor` the process that runs it."""

    id: str
    status: str
    executor: str

    @property
    def unfinished(self) -> bool:
        """Whether some process runs it, or will."""
        return self.status in _UNFINISHED


class Records:
    """The records from outside, for an operator's command: nothing runs here. Blocks; close it."""

    def __init__(self, url: URL) -> None:
        quiet()
        self._client = DBOSClient(system_database_url=system_url(url), serializer=DBOSPortableJSONSerializer())

    def jobs(self, ids: Collection[str]) -> Mapping[str, Job]:
        """What is recorded of these workflows."""
        found = self._client.list_workflows(workflow_ids=list(ids), load_input=False, load_output=False) if ids else []
        return {one.workflow_id: Job(one.workflow_id, one.status, one.executor_id or "") for one in found}

    def steps(self, workflow_id: str) -> list[tuple[int, str]]:
        """Number and name of every recorded step."""
        return [(one["function_id"], one["function_name"]) for one in self._client.list_workflow_steps(workflow_id)]

    def close(self) -> None:
        """Closes the connections."""
        self._client.destroy()


def migrate(url: URL) -> None:
    """Makes DBOS's tables, or brings them up to date. Blocks."""
    quiet()
    DBOS.migrate(system_database_url=system_url(url))


def system_url(url: URL) -> str:
    """The same database, with the driver that DBOS takes."""
    driver = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return url.set(drivername=driver).render_as_string(hide_password=False)


def quiet() -> None:
    """DBOS logs through our pipeline, and only what is wrong: it adds its own handler where it finds none."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.addFilter(lambda record: "task cancelled" not in record.getMessage())  # so it is at every stop
