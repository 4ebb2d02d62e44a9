"""How people go through the pages."""

from bot.sandbox.browser import Browser, Page
from bot.sandbox.people import Person
from bot.sandbox.tenant import Tenant


def url(tenant: Tenant) -> str:
    """Where the link in Slack leads."""
    return f"{tenant.front.url}/auth/start"


async def to_microsoft(tenant: Tenant, browser: Browser, person: Person) -> Page:
    """To Microsoft's page, after Slack has vouched for this person."""
    await browser.open(url(tenant))
    await browser.press("Continue with Slack")
    return await browser.press(person.name)


async def to_confirm(tenant: Tenant, browser: Browser, person: Person, account: Person | None = None) -> Page:
    """To the page that names both, with that person's account or another's."""
    await to_microsoft(tenant, browser, person)
    page = await browser.press((account or person).email)
    return await browser.press("Accept") if "Accept" in page.buttons else page


async def link(tenant: Tenant, browser: Browser, person: Person, account: Person | None = None) -> Page:
    """To the end."""
    await to_confirm(tenant, browser, person, account)
    return await browser.press("Yes, link them")
