"""What is counted, for Prometheus: numbers alone. No label holds who, where or which; each takes few, known values."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

_PREFIX: Final = "cancel_approval"
# Aims to be recorded within 10 ms, gives up after 2 s (`Timings.record`), and Slack waits 3 s.
_RECORDED_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)


class Became(StrEnum):
    """What became of a request, or a connection, at the edge."""

    DISPATCHED = "dispatched"
    """Slack's own, handed on."""
    UNSIGNED = "unsigned"
    """No signature, or not Slack's."""
    STALE = "stale"
    """Dated more than five minutes away from now."""
    REPLAYED = "replayed"
    UNREADABLE = "unreadable"
    """No HTTP, or a body that is none."""
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    WRONG_HOST = "wrong_host"
    RATE_LIMITED = "rate_limited"
    CROWDED_OUT = "crowded_out"
    """Dropped, since too many connections were open."""


class Polled(StrEnum):
    """What became of reading a pending list."""

    READ = "read"
    FAILED = "failed"


class Noticed(StrEnum):
    """What became of an attempt to notify a channel of one request."""

    POSTED = "posted"
    OVER = "over"
    """There was nothing to cancel any more."""
    PUT_OFF = "put_off"
    """Slack or Microsoft did not take it; it is tried again."""
    REFUSED = "refused"
    """The same for a day, and not tried any more."""


class Metrics:
    """The counters of one process, in a registry of their own. Methods may be called from any thread."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter was made is a second series for each, which nobody reads
        self._registry = CollectorRegistry()
        self._edge = self._counter("edge_requests", "Requests and connections at the HTTP edge.", ["became"])
        self._ended = self._counter("cancellations_ended", "Cancellations that ended.", ["kind", "result"])
        self._sent = self._counter("graph_requests", "Requests sent to Graph and Azure Resource Manager.", ["method"])
        self._answered = self._counter(
            "graph_answers", "Answers of Graph and Azure Resource Manager.", ["method", "status"]
        )
        self._polled = self._counter("polls", "Readings of pending lists.", ["kind", "became"])
        self._noticed = self._counter("notices", "Attempts to notify.", ["became"])
        self._recorded = Histogram(
            "recorded_seconds",
            "From the press of the dialog's button to the row that makes it durable.",
            namespace=_PREFIX,
            registry=self._registry,
            buckets=_RECORDED_SECONDS,
        )
        ProcessCollector(registry=self._registry)
        for became in Became:
            self._edge.labels(became.value)
        for noticed in Noticed:
            self._noticed.labels(noticed.value)

    def edge(self, became: Became) -> None:
        """One request or connection at the edge."""
        self._edge.labels(became.value).inc()

    def ended(self, kind: str, result: str) -> None:
        """One cancellation; `kind` is a registered one, and `result` its outcome's."""
        self._ended.labels(kind, result).inc()

    def recorded(self, seconds: float) -> None:
        """One click that is durable now."""
        self._recorded.observe(seconds)

    def polled(self, kind: str, became: Polled) -> None:
        """One reading of the pending list of a registered kind."""
        self._polled.labels(kind, became.value).inc()

    def noticed(self, became: Noticed) -> None:
        """One attempt to notify."""
        self._noticed.labels(became.value).inc()

    def graph_sent(self, method: str) -> None:
        """One request to Graph. What was sent and not answered was lost, or is under way."""
        self._sent.labels(method).inc()

    def graph_answered(self, method: str, status: int) -> None:
        """One answer of Graph, counted by its class, such as 4xx."""
        self._answered.labels(method, f"{status // 100}xx").inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format 0.0.4."""
        return generate_latest(self._registry)

    def _counter(self, name: str, documentation: str, labels: Sequence[str]) -> Counter:
        return Counter(name, documentation, labels, namespace=_PREFIX, registry=self._registry)
