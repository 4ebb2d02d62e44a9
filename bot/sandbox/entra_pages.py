"""The pages of the Entra stand-in on which a person picks an account and consents."""

from collections.abc import Iterable, Mapping

from aiohttp import web

from bot.sandbox.entra_codes import AuthorizationRequest
from bot.sandbox.entra_errors import EntraError
from bot.sandbox.entra_grants import Consents
from bot.sandbox.forms import Button, form_page
from bot.sandbox.people import Person


class SignInPages:
    """Who signs in: the person of the `login_hint` at once, or whoever picks an account."""

    def __init__(self, people: Iterable[Person], consents: Consents) -> None:
        self._people = [one for one in people if one.kind not in ("stranger", "bot")]
        self._consents = consents

    def sign_in(
        self, request: AuthorizationRequest, choice: Mapping[str, str], denied: set[str], blocked: set[str]
    ) -> Person | web.Response:
        """Return who has signed in, or the page that comes next; `choice` is what the last page sent.

        Raises:
            EntraError: the person cannot sign in, or went back to the application.
        """
        if request.login_hint is not None:
            person = self._find("email", request.login_hint)
            return _blocked_page(person) if person.oid in blocked else person
        if "account" not in choice:
            return self._picker()
        person = self._find("oid", choice["account"])
        if person.oid in blocked:
            return _blocked_page(person)
        return self._consent(person, request, choice.get("consent"), denied)

    def _consent(
        self, person: Person, request: AuthorizationRequest, consent: str | None, denied: set[str]
    ) -> Person | web.Response:
        hidden = {"account": person.oid}
        if refused := request.scopes.names & denied:
            if consent == "back":
                raise EntraError("access_denied", 90094, "The administrator has not consented to the permissions.")
            back = Button("consent", "back", "Back to the app")
            return form_page("Need admin approval", ["AADSTS90094", *sorted(refused)], [back], hidden=hidden)
        lacking = self._consents.lacking(person, request.scopes)
        if lacking and consent == "cancel":
            raise EntraError("access_denied", 65004, "User declined to consent to access the app.")
        if lacking and consent != "accept":
            buttons = [Button("consent", "accept", "Accept"), Button("consent", "cancel", "Cancel")]
            return form_page("Permissions requested", [person.email, *sorted(lacking)], buttons, hidden=hidden)
        self._consents.grant(person, request.scopes, denied)
        return person

    def _find(self, attribute: str, value: str) -> Person:
        found = [one for one in self._people if getattr(one, attribute).casefold() == value.casefold()]
        if not found:
            raise EntraError("access_denied", 50034, "The account does not exist in this tenant.")
        if found[0].kind == "deactivated":
            raise EntraError("access_denied", 50057, "The account is disabled.")
        return found[0]

    def _picker(self) -> web.Response:
        offered = [one for one in self._people if one.kind != "deactivated"]
        return form_page(
            "Pick an account", [], [Button("account", one.oid, f"{one.name} {one.email}") for one in offered]
        )


def _blocked_page(person: Person) -> web.Response:
    return form_page("You cannot access this right now", [person.email, "AADSTS53003"])
