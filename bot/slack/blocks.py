"""What people see in messages. Text from people and services stands only in elements that Slack does not interpret."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextQuoteElement,
    RichTextSectionElement,
)
from slack_sdk.models.blocks import RichTextElementParts as Parts

from bot.cancellation import Cancellation
from bot.history import Past
from bot.outcome import Look
from bot.policy import ANY
from bot.resources import Resource, Target
from bot.slack import kind_text, outcome_text, several_text, text

CANCEL_ACTION: Final = "cancel_target"
APPROVE_ACTION: Final = "approve_cancellation"
DECLINE_ACTION: Final = "decline_cancellation"

_FIELD: Final = 300  # characters of one untrusted field; a card stays readable and far below Slack's limits

Blocks = list[dict[str, Any]]
Line = Sequence[RichTextElement]


@dataclass(frozen=True)
class CardDetails:
    """What a card shows of its target. Stored as JSON, so that the card can be drawn again."""

    label: str
    kind: str
    id: str
    title: str = ""
    requestor: str = ""
    reason: str = ""
    state: str = ""
    created: str = ""
    until: str = ""
    decided_by: str = ""
    as_of: str = ""
    by: str = ""
    why: str = ""
    ended: str = ""
    ended_by: str = ""


def details_of(resource: Resource, target: Target, look: Look, as_of: datetime) -> CardDetails:
    """The details as they were read; only kind and id where nothing could be."""
    seen = look.snapshot
    return CardDetails(
        label=resource.label,
        kind=target.kind,
        id=target.id,
        title=text.clip(seen.title, _FIELD) if seen else "",
        requestor=text.clip(seen.requestor_name, _FIELD) if seen else "",
        reason=text.clip(seen.reason, _FIELD) if seen else "",
        state=text.clip(seen.state, _FIELD) if seen else kind_text.unreadable(resource),
        created=_moment(seen.created) if seen else "",
        until=_moment(seen.expires) if seen else "",
        decided_by=text.clip(seen.decided_by, _FIELD) if seen else "",
        as_of=_moment(as_of),
    )


def card(details: CardDetails, button: str) -> Blocks:
    """A card; with its button only while there is something to cancel. `button` is the card's own id."""
    lines = [[_bold(details.label)], *_facts(details)]
    if details.by:
        lines.append([_bold("Asked by: "), Parts.User(user_id=details.by)])
    blocks: list[Block] = [_lines(lines)]
    if details.why:
        blocks.append(_quote(details.why))
    if details.ended:
        by = [_plain(" · "), Parts.User(user_id=details.ended_by)] if details.ended_by else []
        blocks.append(_lines([[_bold(details.ended), *by]]))
    if button:
        cancel = ButtonElement(text="Cancel", action_id=CANCEL_ACTION, value=button, style="danger")
        blocks.append(ActionsBlock(block_id="card", elements=[cancel]))
    return drawn(blocks)


def cancelled_yours(details: CardDetails, cancellation: Cancellation) -> Blocks:
    """What whoever had made a request reads when somebody else has had it cancelled."""
    asker = Parts.User(user_id=cancellation.actor.user)
    lines: list[Line] = [
        [_plain(text.CANCELLED_YOURS)],
        [_bold(details.label)],
        *_facts(details),
        [_plain(text.cancelled_by(cancellation.at)), asker, _plain(text.WITH_THIS_REASON)],
    ]
    return drawn([_lines(lines), _quote(cancellation.justification), _lines([[_plain(text.ASK_THEM)]])])


def facts(details: CardDetails) -> RichTextBlock:
    """The same facts for a dialog, without a headline."""
    return _lines(_facts(details))


def outcome(told: outcome_text.Told, actor: str, why: str) -> Blocks:
    """The reply that ends a thread, or the same as a private message."""
    headline = [
        Parts.Emoji(name=told.mark),
        _plain(" "),
        _bold(told.headline),
        _plain(" · "),
        Parts.User(user_id=actor),
    ]
    lines: list[Line] = [headline, [_plain(told.sentence)]]
    if told.next_step:
        lines.append([Parts.Text(text=told.next_step, style=Parts.TextStyle(italic=True))])
    blocks: list[Block] = [_lines(lines)]
    if why:
        blocks.append(_quote(why))
    if told.reference:
        blocks.append(ContextBlock(elements=[PlainTextObject(text=text.clip(told.reference, 2000), emoji=False)]))
    return drawn(blocks)


def asked(cancellation: Cancellation, label: str, second_person: Sequence[str], until: datetime, button: str) -> Blocks:
    """The question to a second person; `button` is what its buttons carry."""
    who = [part for one in second_person for part in (_plain(" or "), _person(one))][1:]
    lines: list[Line] = [
        [_bold(text.SECOND_NEEDED)],
        [_bold(f"{label}: "), _plain(f"{cancellation.target.kind} {cancellation.target.id}")],
        [_bold("Asked by: "), Parts.User(user_id=cancellation.actor.user)],
        [_bold("May be approved by: "), *who, _plain(f", until {until:%H:%M:%S} UTC")],
    ]
    buttons = [
        ButtonElement(text="Approve", action_id=APPROVE_ACTION, value=button, style="primary"),
        ButtonElement(text="Decline", action_id=DECLINE_ACTION, value=button),
    ]
    question = ActionsBlock(block_id="second", elements=buttons)
    return drawn([_lines(lines), _quote(cancellation.justification), question])


def answered(cancellation: Cancellation, label: str, words: str, user: str) -> Blocks:
    """What became of the question, in its place."""
    by = [Parts.User(user_id=user)] if user else []
    lines: list[Line] = [
        [_bold(words), *by],
        [_bold(f"{label}: "), _plain(f"{cancellation.target.kind} {cancellation.target.id}")],
        [_bold("Asked by: "), Parts.User(user_id=cancellation.actor.user)],
    ]
    return drawn([_lines(lines), _quote(cancellation.justification)])


def together(headline: str, user: str, why: str, progress: str) -> Blocks:
    """The message under which several cancellations are told."""
    asked = [_bold("Asked by: "), Parts.User(user_id=user)]
    return drawn([_lines([[_bold(headline)], asked]), _quote(why), _lines([[_bold(progress)]])])


def audit_line(told: outcome_text.Told, cancellation: Cancellation) -> Blocks:
    """The one line of the audit channel."""
    target, actor, why = cancellation.target, cancellation.actor, cancellation.justification
    who = f" ({actor.account_name})" if actor.account_name else ""
    second = [_plain(", approved by "), Parts.User(user_id=cancellation.approver)] if cancellation.approver else []
    reference = f" · {told.reference}" if told.reference else ""
    line = [
        Parts.Emoji(name=told.mark),
        _plain(" "),
        _bold(told.headline),
        _plain(f" · {target.kind} {target.id} · by "),
        Parts.User(user_id=actor.user),
        *([_plain(who)] if who else []),
        *second,
        _plain(f" · “{' '.join(why.split())}”{reference}"),
    ]
    return drawn([_lines([line])])


def past(cancellations: Sequence[Past]) -> RichTextBlock:
    """One line for each: how it ended, and what it was."""
    lines = []
    for one in cancellations:
        mark = [Parts.Emoji(name=outcome_text.MARKS[one.outcome.result]), _plain(" ")] if one.outcome else []
        lines.append([*mark, _bold(outcome_text.past(one)), _plain(f" · {one.target.kind} {one.target.id}")])
    return _lines(lines)


def joined(user: str, since: datetime) -> RichTextBlock:
    """What the second person is told."""
    answer = f" since {since:%H:%M:%S} UTC. Nothing more was sent; the answer comes in their thread."
    return _lines([[_plain("This is already being cancelled by "), Parts.User(user_id=user), _plain(answer)]])


def joined_of(count: int, user: str, since: datetime) -> RichTextBlock:
    """The same of some of several."""
    answer = f" since {since:%H:%M:%S} UTC. Nothing more was sent for them; you hear how they end."
    return _lines([[_plain(several_text.cancelled_already(count)), Parts.User(user_id=user), _plain(answer)]])


def note(sentence: str) -> Blocks:
    """A sentence of ours, or one that quotes people: shown as it is."""
    return drawn([_lines([[_plain(sentence)]])])


def sign_in(words: str, url: str) -> RichTextBlock:
    """A sentence, and the page where people sign in."""
    return _lines([[_plain(words), Parts.Link(url=url, text=text.LINK_LABEL)]])


def drawn(blocks: Sequence[Block]) -> Blocks:
    """The blocks as Slack takes them; slack_sdk checks their limits on the way."""
    return [block.to_dict() for block in blocks]


def stored(details: CardDetails) -> dict[str, Any]:
    """The details as JSON for the store."""
    return {name: value for name, value in asdict(details).items() if value}


def _facts(details: CardDetails) -> list[Line]:
    rows = {
        "Kind": details.kind,
        "Id": details.id,
        "For": details.title,
        "Requested by": details.requestor,
        "Their reason": details.reason,
        "Since": details.created,
        "Until": details.until,
        "Decided by": details.decided_by,
        "State": f"{details.state} (as of {details.as_of})" if details.as_of else "",
    }
    return [[_bold(f"{name}: "), _plain(value)] for name, value in rows.items() if value]


def _moment(moment: datetime | None) -> str:
    return f"{moment:%d %B %Y %H:%M} UTC" if moment else ""


def _lines(lines: Sequence[Line]) -> RichTextBlock:
    """One section: Slack draws several sections of a block without a break between them."""
    parts: list[RichTextElement] = []
    for line in lines:
        parts += [_plain("\n"), *line] if parts else line
    return RichTextBlock(elements=[RichTextSectionElement(elements=parts)])


def _quote(words: str) -> RichTextBlock:
    return RichTextBlock(elements=[RichTextQuoteElement(elements=[_plain(words)])])


def _person(actor: str) -> RichTextElement:
    """Whom the policy names: everybody, a user group or a user."""
    if actor == ANY:
        return _plain(text.ANYBODY)
    return Parts.UserGroup(usergroup_id=actor) if actor.startswith("S") else Parts.User(user_id=actor)


def _plain(words: str) -> RichTextElement:
    return Parts.Text(text=words)


def _bold(words: str) -> RichTextElement:
    return Parts.Text(text=words, style=Parts.TextStyle(bold=True))
