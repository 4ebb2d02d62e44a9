"""Clients of the Azure Resource Manager stand-in, and the places that its tests name."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from bot.sandbox.arm import SUBSCRIPTION, ArmStandIn
from bot.sandbox.people import Person

PROVIDER = "/providers/Microsoft.Authorization"
ASSIGNMENT, ELIGIBILITY = "roleAssignmentScheduleRequest", "roleEligibilityScheduleRequest"
VERSION = {"api-version": "2020-10-01"}
NAME = "fea7a502-9a96-4806-a26f-eee560e52045"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-print.(old)_1"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/intranet/slots/next"
MANAGEMENT = "/providers/Microsoft.Management/managementGroups/Contoso"
SCOPES = ("", MANAGEMENT, SUBSCRIPTION, GROUP, SITE)
COLLECTION = f"{PROVIDER}/{ASSIGNMENT}s"


class ArmClient:
    """Calls the stand-in with one token."""

    def __init__(self, arm: ArmStandIn, http: httpx.AsyncClient, token: str) -> None:
        self._url = arm.url
        self._http = http
        self._token = token

    async def __call__(
        self, method: str, path: str, query: dict[str, str] | None = VERSION, **options: Any
    ) -> httpx.Response:
        own = {"x-ms-client-request-id": str(uuid.uuid4()), "Authorization": f"Bearer {self._token}"}
        headers = own | options.pop("headers", {})
        url = path if path.startswith("https:") else self._url + path
        return await self._http.request(method, url, params=query, headers=headers, **options)

    async def listed(self, scope: str, text: str, collection: str = f"{ASSIGNMENT}s") -> list[str]:
        """The ids of a list at that scope."""
        answer = await self("GET", f"{scope}{PROVIDER}/{collection}", {**VERSION, "$filter": text})
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["value"]]


As = Callable[[Person | None], Awaitable[ArmClient]]
