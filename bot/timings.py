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
    saved_elsewhere: tuple[float, ...] = (0.1, 0.3, 0.6)
    """Before a sign-in counts as ended: another process may be about to save the tokens that it has renewed."""
    credential_again: float = 30.0
    """Between two questions whether Entra takes the bot's own credential."""
    slack_call: float = 10.0
    before_dialog: float = 1.8
    """Slack's trigger lives three seconds; what is looked up before the dialog opens must leave room for opening it."""
    repeat_first: float = 5.0
    repeat_second: float = 30.0
    """Reads lag behind writes: the waits before a lost call is read back and repeated."""
    second_person: float = 15 * 60.0
    """A second person has so long to approve."""
    throttled: float = 10.0
    """For a 429 that names no time."""
    throttled_longest: float = 24 * 3600.0
    """Whatever the service asks for, up to this."""
    tell_wait: float = 15.0
    watch: tuple[float, ...] = (60.0, 5 * 60.0, 30 * 60.0, *[3600.0] * 23)
    """Between the looks at a cancellation whose end is not known."""
    watch_patient: float = 30 * 60.0
    """After this, a request that still can be cancelled was certainly not cancelled by a lost call."""
    tell_again: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
    """Between the attempts to tell somebody something while Slack does not take it; the last one repeats."""
    tell_longest: float = 24 * 3600.0
    heartbeat: float = 5.0
    presumed_dead: float = 20.0
    """A process that was silent for so long is taken over by another within one more heartbeat."""
    record: float = 2.0
    """From the press of the dialog's button to the row that makes it durable."""
    housekeeping_first: float = 60.0
    housekeeping: float = 3600.0
    list_fresh: float = 10.0
    list_oldest: float = 120.0
    """A pending list is used so long, and read anew beside when it is older than fresh."""
    list_whole: float = 120.0
    """All pages of one list."""
    list_again: float = 30.0
    """Before a list that could not be read is asked for again."""
    poll: float = 1.0
    """What the intervals of polling are multiplied by."""
    message_pause: float = 1.0
    """Between two messages of ours in one channel that nobody waits for; Slack takes about one a second."""
    update_pause: float = 1.2
    """Between two changes of messages that nobody waits for; Slack takes 50 a minute of an app (tier 3)."""
    channel_rest: float = 30.0
    """After Slack has refused a notification in a channel."""
    truth_first: float = 30.0
    truth_longest: float = 3600.0
    """Between the looks at a card whose target is neither pending nor over; they double."""
    lease: float = 20.0
    """What one process does for all is taken over so long after it was last heard of."""
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
            "credential_again",
            "repeat_first",
            "repeat_second",
            "second_person",
            "throttled",
            "tell_wait",
            "operation_poll",
            "operation_longest",
            "list_fresh",
            "list_oldest",
            "list_again",
            "poll",
            "message_pause",
            "update_pause",
            "channel_rest",
            "truth_first",
            "truth_longest",
            "watch_patient",
        )
        return replace(
            self,
            # A busy machine needs some time to show that it is alive, however fast the rest is played.
            heartbeat=max(self.heartbeat * factor, 0.5),
            presumed_dead=max(self.presumed_dead * factor, 2.0),
            lease=max(self.lease * factor, 2.0),
            watch=tuple(seconds * factor for seconds in self.watch),
            tell_again=tuple(seconds * factor for seconds in self.tell_again),
            **{name: getattr(self, name) * factor for name in waits},
        )
