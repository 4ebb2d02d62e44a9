"""What people do in a scenario, what goes wrong in it anyway, and how it has to end wherever a process was killed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.sandbox.faults import Fault
from bot.sandbox.people import ALICE, BOB, CAROL, Person
from tests.scenarios.graph.cases import ACCESS_PACKAGE, APPROVAL_ITEM, POST, READ, Case
from tests.scenarios.graph.scene import HEADLINES, TOLD_PRIVATELY

_CANCELLED: Final = HEADLINES["cancelled"]

Extra = Mapping[str, tuple[int, int]]
_UNSENT: Final[Extra] = {"after:row_called#1": (0, 1), "lost:POST#1": (1, 1)}


@dataclass(frozen=True)
class End:
    """What has to be there at the end. `replies` and `direct` (by person) say what each of these messages contains.

    `posts` are the calls that reached the service; `story` the audit rows, with one `called` for each call announced.
    """

    replies: tuple[str, ...] = (_CANCELLED,)
    direct: Mapping[str, str] = field(default_factory=dict)
    posts: int = 1
    effects: int = 1
    story: tuple[str, ...] = ("requested", "called", "ended")
    lines: int = 1


@dataclass(frozen=True)
class Scenario:
    """`people` submit one after the other, each for the same request of Alice's; `case` is its kind.

    `more` and `less`: the names that it passes unlike a plain command. `at`: where the process is killed, if not at all
    of `more`. `wire`: the requests at which a stand-in holds the process. `extra`: by point, how many posts and
    `called` rows there are more: a call without a recorded answer is made again where reading shows no effect.
    `second`: the policy wants a second person; with `approver`, Bob approves as soon as he can. `scale` shortens the
    bot's waits.
    """

    name: str
    people: tuple[Person, ...] = (ALICE,)
    case: Case = APPROVAL_ITEM
    variant: str = "204"
    card: bool = False
    faults: tuple[Fault, ...] = ()
    more: str = ""
    less: str = ""
    at: str = ""
    wire: str = ""
    end: End = field(default_factory=End)
    extra: Extra = field(default_factory=dict)
    second: bool = False
    approver: bool = False
    scale: str = "0.01"


COMMAND: Final = Scenario(
    "command",
    wire="sent:POST#1 done:POST#1 lost:POST#1 taken:chat.postMessage#1 taken:chat.postMessage#2 "
    "taken:chat.postMessage#3 drawn:chat.update#1",
    extra=_UNSENT,
)
CARD: Final = Scenario(
    "card", card=True, wire="taken:chat.postMessage#1 taken:chat.postMessage#2 drawn:chat.update#1", extra=_UNSENT
)
ACCEPTED: Final = Scenario(
    "accepted",
    variant="202",
    more="accepted#1 follow#1",
    wire="sent:POST#1 done:POST#1 lost:POST#1 taken:chat.postMessage#1 taken:chat.postMessage#2 "
    "taken:chat.postMessage#3 drawn:chat.update#1 drawn:chat.update#2",
    # Nobody knows the address of the first operation, and the stand-in's go on only when somebody asks for them.
    extra={**_UNSENT} | dict.fromkeys(("inside:call#1", "sent:POST#1", "done:POST#1"), (1, 1)),
)
LOST: Final = Scenario("lost", faults=(Fault(POST, drop=True, after_effect=True),), more="sleep#1 look#2")
REPEATED: Final = Scenario(
    "repeated",
    faults=(Fault(POST, status=503),),
    more="sleep#1 look#2 call#2 row_called#2",
    at="call#2 row_called#2",
    end=End(posts=2, story=("requested", "called", "called", "ended")),
    extra={"after:row_called#2": (0, 1)},
)
THROTTLED: Final = Scenario(
    "throttled",
    faults=(Fault(POST, status=429, headers={"Retry-After": "1"}),),
    more="waiting#1 sleep#1 look#2 call#2 row_called#2",
    at="waiting#1 sleep#1",
    end=REPEATED.end,
    extra=REPEATED.extra,
)
REFUSED: Final = Scenario(
    "refused",
    people=(BOB,),
    more="alone#1",
    less="call#1 row_called#1",
    wire="taken:chat.postMessage#2",
    end=End(
        replies=(TOLD_PRIVATELY,),
        direct={BOB.slack_id: HEADLINES["refused"]},
        posts=0,
        effects=0,
        story=("requested", "ended"),
    ),
)
JOINED: Final = Scenario(
    "joined",
    people=(ALICE, CAROL),
    faults=(Fault(READ, delay=0.8, times=2),),
    more="record#2 row_joined#1 joined_look#1 joined_end#1 joined_told#1",
    wire="taken:chat.postMessage#4",
    end=End(direct={CAROL.slack_id: _CANCELLED}, story=("requested", "joined", "called", "ended")),
)
HANDED_ON: Final = Scenario(
    "handed on",
    people=(BOB, ALICE),
    faults=JOINED.faults,
    more="record#2 row_joined#1 alone#1 start#2 begin#2 thread#2 look#2 outcome#2 row_ended#2 reply#2 cards#2 "
    "audit_post#2 release#2",
    at="record#2 row_joined#1 release#1 start#2 begin#2 release#2",
    end=End(
        replies=(TOLD_PRIVATELY, _CANCELLED),
        direct={BOB.slack_id: HEADLINES["refused"]},
        story=("requested", "joined", "ended", "called", "ended"),
        lines=2,
    ),
)
SETTLED: Final = Scenario(
    "settled later",
    faults=(Fault(POST, drop=True, after_effect=True), Fault(READ), Fault(READ, status=403)),
    more="sleep#1 look#2 start#2 sleep#2 watch#1 settled#1 row_settled#1 reply#2 cards#2 audit_post#2 settled_alone#1",
    at="start#2 sleep#2 watch#1 settled#1 row_settled#1 reply#2 cards#2 audit_post#2 settled_alone#1",
    wire="taken:chat.postMessage#4 taken:chat.postMessage#5",
    end=End(direct={ALICE.slack_id: _CANCELLED}, story=("requested", "called", "ended", "settled"), lines=2),
)
FOR_ANOTHER: Final = Scenario(
    "for another",
    people=(CAROL,),
    case=ACCESS_PACKAGE,
    more="requestor#1",
    wire="taken:chat.postMessage#4",
    end=End(direct={ALICE.slack_id: "A request of yours is cancelled"}),
)
APPROVED: Final = Scenario(
    "approved",
    second=True,
    approver=True,
    scale="0.015",  # leaves Bob 13.5 s, and every row takes as long
    more="ask#1 row_asked#1 asked#1 sleep#1 row_approved#1 start#2 begin#2 answered#1 thread#2 look#2 assured#1 "
    "lapse#1",
    at="ask#1 row_asked#1 asked#1 row_approved#1 start#2 assured#1",
    end=End(replies=("Approved by", _CANCELLED), story=("requested", "asked", "approved", "called", "ended")),
)
LAPSED: Final = Scenario(
    "lapsed",
    second=True,
    scale="0.002",
    more="ask#1 row_asked#1 asked#1 sleep#1 lapse#1 answered#1 alone#1",
    less="call#1 row_called#1",
    at="sleep#1 lapse#1 answered#1",
    end=End(
        replies=("Nobody approved", TOLD_PRIVATELY),
        direct={ALICE.slack_id: HEADLINES["refused"]},
        posts=0,
        effects=0,
        story=("requested", "asked", "ended"),
    ),
)
