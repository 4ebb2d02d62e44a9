"""How the application proves itself to the Entra stand-in; also with MSAL, the library that the bot uses."""

import asyncio
import base64
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.entra_client import ASSERTION_TYPE, Credentials
from bot.sandbox.entra_grants import READ_ROLES
from bot.sandbox.people import ALICE
from bot.sandbox.tls import ThrowAwayAuthority
from tests.sandbox.graph_clients import CLIENT_ID, GRAPH, REDIRECT_URI, SECRET, Application

DEFAULT = f"{GRAPH}/.default"


class Certificate:
    """A key and a self-signed certificate of the application."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Practice application")])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self._certificate.public_bytes(Encoding.PEM)

    def private_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def assertion(self, audience: str, header: dict[str, str] | None = None, **changes: Any) -> str:
        """Return a client assertion; a change to None leaves the claim out."""
        digest = hashlib.sha256(self._certificate.public_bytes(Encoding.DER)).digest()
        thumbprint = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        claims = {
            "aud": audience,
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "jti": str(uuid.uuid4()),
            "exp": int(time.time()) + 600,
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.key, algorithm="PS256", headers={"x5t#S256": thumbprint} | (header or {}))


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate()


async def assert_for(application: Application, assertion: str) -> tuple[int, Any]:
    """Ask for an application token with an assertion; return the status and the AADSTS number, if any."""
    answer = await application.token(
        "client_credentials",
        scope=DEFAULT,
        client_secret=None,
        client_assertion_type=ASSERTION_TYPE,
        client_assertion=assertion,
    )
    return answer.status_code, answer.json().get("error_codes")


async def test_application_token(entra: EntraStandIn, application: Application) -> None:
    claims = entra.verify(await application.app_token(), GRAPH)
    assert set(claims["roles"]) == READ_ROLES
    assert claims["idtyp"] == "app"
    assert "scp" not in claims
    entra.app_roles = {"EntitlementManagement.Read.All"}
    assert entra.verify(await application.app_token(), GRAPH)["roles"] == ["EntitlementManagement.Read.All"]


@pytest.mark.parametrize(
    "resource",
    [
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://management.azure.com",
    ],
)
async def test_known_resources(entra: EntraStandIn, application: Application, resource: str) -> None:
    answer = await application.token("client_credentials", scope=f"{resource}/.default")
    assert entra.verify(answer.json()["access_token"], resource)["aud"] == resource


@pytest.mark.parametrize(
    ("form", "status", "number"),
    [
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_secret": None}, 401, 7000218),
        ({"client_id": "another"}, 400, 700016),
        ({"scope": f"{GRAPH}/User.Read"}, 400, 1002012),
        ({"scope": f"{DEFAULT} openid"}, 400, 1002012),
        ({"scope": None}, 400, 1002012),
        ({"scope": "https://unknown.example.test/.default"}, 400, 500011),
        ({"grant_type": "password"}, 400, 70003),
    ],
)
async def test_refused_client_credentials(
    application: Application, form: dict[str, str | None], status: int, number: int
) -> None:
    fields = {"grant_type": "client_credentials", "scope": DEFAULT} | form
    answer = await application.token(str(fields.pop("grant_type")), **fields)
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])


async def test_code_and_refresh_need_the_client_too(application: Application) -> None:
    tokens = await application.sign_in(ALICE, "User.Read")
    code = (await application.authorize(ALICE, "User.Read"))["code"]
    forms = ({"refresh_token": tokens["refresh_token"]}, {"code": code, "redirect_uri": REDIRECT_URI})
    for grant_type, form in zip(("refresh_token", "authorization_code"), forms, strict=True):
        answer = await application.token(grant_type, client_secret="wrong", **form)
        assert answer.status_code == 401


async def test_certificate_assertion(entra: EntraStandIn, application: Application, certificate: Certificate) -> None:
    entra.credentials = Credentials(certificate=certificate.pem)
    endpoint = f"{entra.base}/oauth2/v2.0/token"
    assert await assert_for(application, certificate.assertion(endpoint)) == (200, None)
    for assertion, number in (
        (certificate.assertion(entra.url), 700021),
        (certificate.assertion(endpoint, exp=int(time.time()) - 60), 700024),
        (certificate.assertion(endpoint, jti=None), 700027),
        (certificate.assertion(endpoint, sub="another"), 700027),
        (certificate.assertion(endpoint, iss="another"), 700027),
        (certificate.assertion(endpoint, {"x5t#S256": "another"}), 700027),
        (certificate.assertion(endpoint)[:-8] + "AAAAAAAA", 700027),
        ("not a token", 700027),
    ):
        assert await assert_for(application, assertion) == (401, [number]), number


async def test_assertion_signed_with_another_key(
    entra: EntraStandIn, application: Application, certificate: Certificate
) -> None:
    entra.credentials = Credentials(certificate=Certificate().pem)
    assertion = certificate.assertion(f"{entra.base}/oauth2/v2.0/token")
    assert await assert_for(application, assertion) == (401, [700027])


async def test_federated_assertion(entra: EntraStandIn, application: Application) -> None:
    entra.credentials = Credentials(federated_token="a workload's token")
    assert await assert_for(application, "a workload's token") == (200, None)
    assert await assert_for(application, "another token") == (401, [700213])


def msal_client(
    entra: EntraStandIn, authority: ThrowAwayAuthority, credential: Any
) -> msal.ConfidentialClientApplication:
    session = requests.Session()
    session.trust_env = False  # a CA bundle named in the environment would win over `verify`
    session.verify = str(authority.ca_path)
    return msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=credential,
        authority=entra.base,
        instance_discovery=False,
        client_capabilities=["CP1"],
        http_client=session,
    )


@pytest.mark.parametrize("kind", ["secret", "certificate", "federated"])
async def test_msal_as_the_application(
    entra: EntraStandIn, authority: ThrowAwayAuthority, certificate: Certificate, kind: str
) -> None:
    entra.credentials = Credentials(SECRET, certificate.pem, "a workload's token")
    credential: Any = {
        "secret": SECRET,
        "certificate": {
            "private_key": certificate.private_pem(),
            "public_certificate": certificate.pem.decode(),
        },
        "federated": {"client_assertion": lambda: "a workload's token"},
    }[kind]

    def run() -> Any:
        client = msal_client(entra, authority, credential)
        return client.acquire_token_for_client([DEFAULT])

    answer = await asyncio.to_thread(run)
    assert entra.verify(answer["access_token"], GRAPH)["xms_cc"] == ["CP1"]


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
async def test_msal_signs_a_person_in_and_renews(
    entra: EntraStandIn, authority: ThrowAwayAuthority, http: httpx.AsyncClient
) -> None:
    scopes = [f"{GRAPH}/ApprovalSolution.ReadWrite"]
    client = await asyncio.to_thread(msal_client, entra, authority, SECRET)
    flow = client.initiate_auth_code_flow(
        scopes, redirect_uri=REDIRECT_URI, login_hint=ALICE.email, response_mode="query"
    )
    back = await http.get(flow["auth_uri"])
    query = dict(httpx.URL(back.headers["Location"]).params)
    answer = await asyncio.to_thread(client.acquire_token_by_auth_code_flow, flow, query)
    assert answer["id_token_claims"]["oid"] == ALICE.oid

    [account] = client.get_accounts()
    assert account["home_account_id"] == f"{ALICE.oid}.{entra.tenant_id}"
    challenge = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1"}}})
    renewed = await asyncio.to_thread(
        client.acquire_token_silent_with_error, scopes, account, claims_challenge=challenge
    )
    claims = entra.verify(renewed["access_token"], GRAPH)
    assert (claims["challenge_met"], claims["xms_cc"]) == (True, ["CP1"])

    entra.revoke(ALICE.oid)
    error = await asyncio.to_thread(client.acquire_token_silent_with_error, scopes, account, force_refresh=True)
    assert (error["error"], error["error_codes"]) == ("invalid_grant", [50173])
