"""The errors of this bot. Each carries a code for logs, a sentence for the person and, where there is one, a next step.

BotError
├─ ConfigError       the settings, the policy or the database do not allow a start
├─ InputError        what a person typed cannot be used
├─ Refused           the policy, or who the person is, says no
├─ SignInNeeded      no usable Microsoft account of the person
├─ ConsentNeeded     Entra has not been given a permission
├─ Later             somebody could not be told something now
├─ Unavailable       something that is needed first is out of reach; nothing was sent
│  ├─ NoDatabase     the bot's own database
│  └─ BadCredential  the bot's own credential in Entra
└─ ServiceFailure    a call to the service went wrong
   ├─ NotSent        no connection: the service never saw it
   ├─ AnswerLost     it may have been carried out; the answer never came or is none of the service's
   └─ ServiceError   the service answered with an error
"""

from collections.abc import Sequence
from typing import Final

SIGN_IN: Final = "Type /cancel-approval signin."
"""The next step of whoever Microsoft does not know."""


class BotError(Exception):
    """What went wrong, in words for the person. The text never holds a secret."""

    code = "error"

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step


class ConfigError(BotError):
    """Everything that is wrong with the configuration, one sentence a problem."""

    code = "config"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))  # two parts of the configuration may meet the same one
        super().__init__("\n".join(self.problems))


class InputError(BotError):
    """`field` names the input of the dialog that it concerns: kind, id or justification."""

    code = "input"

    def __init__(self, field: str, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence, next_step)
        self.field = field


class Refused(BotError):
    """`reason` is a word for the audit trail; it may tell more than the sentence."""

    code = "refused"

    def __init__(self, reason: str, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence, next_step)
        self.reason = reason


class SignInNeeded(BotError):
    """Microsoft must see the person again, or sees them for the first time."""

    code = "sign_in_needed"

    def __init__(self, sentence: str, next_step: str = SIGN_IN) -> None:
        super().__init__(sentence, next_step)


class ConsentNeeded(BotError):
    """`permission` is what nobody has consented to yet."""

    code = "consent_needed"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"Microsoft Entra has not been given the permission {permission}.",
            f"{SIGN_IN} Ask an administrator of your tenant where Microsoft wants one to agree.",
        )
        self.permission = permission


class Later(BotError):
    """It may be told at another time. `seconds`: when, where Slack said so."""

    code = "later"

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__("Slack does not take it just now.", "Try again in a minute.")
        self.seconds = seconds


class Unavailable(BotError):
    """Nothing was sent, and trying again later may help."""

    code = "unavailable"


class NoDatabase(Unavailable):
    """Nothing can be recorded, so nothing may be sent."""

    code = "no_database"

    def __init__(self) -> None:
        super().__init__(
            "The bot's own database cannot be used just now, so nothing was sent.", "Try again in a minute."
        )


class BadCredential(Unavailable):
    """Entra does not take the bot's own credential, or it cannot be used. `cause`: why, for whoever runs the bot."""

    code = "bad_credential"

    def __init__(self, cause: str) -> None:
        super().__init__(
            "Microsoft Entra does not accept the bot's own credential, so nothing was sent.",
            "Ask whoever runs this bot to renew it.",
        )
        self.cause = cause


class ServiceFailure(BotError):
    """A call to the service that brought no success. `client_request_id` is ours, for Microsoft's support."""

    code = "service_failure"
    client_request_id = ""


class NotSent(ServiceFailure):
    """No connection could be made."""

    code = "not_sent"


class AnswerLost(ServiceFailure):
    """`retry_after`: seconds that the service asked for, if it did."""

    code = "answer_lost"

    def __init__(
        self, sentence: str, *, status: int = 0, request_id: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after


class ServiceError(ServiceFailure):
    """The service's own error. `codes` are all its codes, the most specific first; `claims` a challenge to answer."""

    code = "service_error"

    def __init__(
        self,
        status: int,
        codes: tuple[str, ...],
        message: str,
        *,
        request_id: str = "",
        retry_after: float | None = None,
        claims: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.codes = codes
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after
        self.claims = claims

    @property
    def service_code(self) -> str:
        """The most specific code; empty when the service gave none."""
        return self.codes[0] if self.codes else ""
