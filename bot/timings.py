"""How long the bot waits for calls and between them, in seconds."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Timings:
    """Built once, in the composition root."""

    connect: float = 5.0
    read: float = 30.0
    whole: float = 60.0
    """One call of Graph, from the connection to the last byte."""
    entra: float = 8.0
    slack_call: float = 10.0
    before_dialog: float = 1.8
    """Slack's trigger lives three seconds; what is looked up before the dialog opens must leave room for opening it."""
    repeat_first: float = 5.0
    repeat_second: float = 30.0
    """Reads lag behind writes: the waits before a lost call is read back and repeated."""
    throttled: float = 10.0
    """For a 429 that names no time."""
    throttled_longest: float = 300.0
    tell_wait: float = 15.0
    operation_poll: float = 2.0
    operation_longest: float = 60.0
    slack_patience: float = 20.0
    """For one message, with all waiting that Slack asks for; then the person is told in another way."""
    drain_clicks: float = 5.0
    drain: float = 15.0
    """Platforms end a process 30 s after asking it to; the listener takes up to five of them."""

    def scaled(self, factor: float) -> "Timings":
        """All waits between calls multiplied by `factor`; time limits of calls stay."""
        waits = (
            "repeat_first",
            "repeat_second",
            "throttled",
            "tell_wait",
            "operation_poll",
            "operation_longest",
        )
        return replace(self, **{name: getattr(self, name) * factor for name in waits})
