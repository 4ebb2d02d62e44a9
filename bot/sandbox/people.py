"""The invented people whom all stand-ins share."""

from dataclasses import dataclass
from typing import Literal

TENANT_ID = "7e4a0000-5a4d-4b0c-9d00-0000000c0de0"
TEAM_ID = "T0SANDBOX"

Kind = Literal["member", "guest", "stranger", "bot", "deactivated"]


@dataclass(frozen=True)
class Person:
    """One person in Slack (`slack_id`) and in Entra (`oid`)."""

    slack_id: str
    name: str
    email: str
    oid: str
    kind: Kind = "member"


ALICE = Person("U0ALICE", "Alice Example", "alice@example.test", "a11ce000-0000-4000-8000-000000000001")
BOB = Person("U0BOB", "Bob Example", "bob@example.test", "b0b00000-0000-4000-8000-000000000002")
CAROL = Person("U0CAROL", "Carol Helpdesk", "carol@example.test", "ca401000-0000-4000-8000-000000000003")
DAVE = Person("U0DAVE", "Dave Unlinked", "dave@example.test", "da4e0000-0000-4000-8000-000000000004")
GUEST = Person("U0GUEST", "Gus Guest", "gus@partner.test", "90500000-0000-4000-8000-000000000005", "guest")
STRANGER = Person("U0STRANGER", "Sam Stranger", "sam@other.test", "5a300000-0000-4000-8000-000000000006", "stranger")
BOTTY = Person("U0BOT", "Botty Example", "botty@example.test", "b0770000-0000-4000-8000-000000000007", "bot")
GONE = Person("U0GONE", "Gone Example", "gone@example.test", "901e0000-0000-4000-8000-000000000008", "deactivated")

PEOPLE: tuple[Person, ...] = (ALICE, BOB, CAROL, DAVE, GUEST, STRANGER, BOTTY, GONE)


def person(slack_id: str) -> Person:
    """Return the person with this Slack id.

    Raises:
        KeyError: nobody has it.
    """
    for one in PEOPLE:
        if one.slack_id == slack_id:
            return one
    raise KeyError(slack_id)
