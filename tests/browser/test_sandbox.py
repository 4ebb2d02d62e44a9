"""`make sandbox` as somebody tries it who has just cloned the project: the command, a browser, the real bot."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab

from bot.sandbox.people import ALICE

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def sandbox(port: int, tmp_path: Path) -> AsyncIterator[str]:
    """The address that the command prints, whatever the user has configured for a bot of their own."""
    (tmp_path / ".env").write_text("AZURE_CLOUD=china\nAZURE_FEDERATED_TOKEN_FILE=/dev/null\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "sandbox", "--port", str(port)),
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PUBLIC_URL": "https://own.example.test"},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(90):
            line = (await process.stdout.readline()).decode()
        yield line.split()[1]
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 90)


@pytest.fixture
async def tab(browser: Browser, sandbox: str) -> AsyncIterator[Tab]:
    context = await browser.new_context(base_url=sandbox)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    tab = await context.new_page()
    await tab.goto(f"/#{ALICE.slack_id}")
    yield tab
    await context.close()
    assert errors == []


async def test_button_dialog_and_thread(tab: Tab) -> None:
    card = tab.get_by_role("listitem").filter(has_text="Access package request").filter(has_text="Alice Example")
    await card.get_by_role("button", name="Cancel", exact=True).click()
    dialog = tab.get_by_role("dialog", name="Cancel a request")
    await expect(dialog.get_by_text("Requested by: Alice Example")).to_be_visible()
    await dialog.get_by_label("Why should it be cancelled?").fill("I took the <wrong> one")
    await dialog.get_by_role("button", name="Cancel the request").click()
    await expect(card.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    await card.get_by_role("button", name="1 reply").click()
    thread = tab.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("Microsoft confirmed the cancellation.")).to_be_visible()


async def test_a_request_at_azure(tab: Tab) -> None:
    """Fails when a sample is not made, or when the page cannot name it to the bot."""
    panel = tab.get_by_role("complementary", name="Microsoft")
    request = panel.get_by_role("listitem").filter(has_text="Contributor")
    await request.get_by_role("button", name="into the command").click()
    await tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog", name="Cancel a request")
    await expect(dialog.get_by_text("For: Contributor")).to_be_visible()
    await dialog.get_by_label("Why should it be cancelled?").fill("The wrong subscription")
    await dialog.get_by_role("button", name="Cancel the request").click()
    await expect(request).to_contain_text("Cancelled by Alice Example")
    await expect(panel.locator(".calls summary").filter(has_text="POST")).to_contain_text("Azure · as Alice Example")


async def test_a_request_that_its_requestor_withdraws(tab: Tab) -> None:
    """Fails when there is none that waits for its approval."""
    request = tab.get_by_role("listitem").filter(has_text="operationApprovalRequest · Alice Example")
    await request.get_by_role("button", name="into the command").click()
    await tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog", name="Cancel a request")
    await expect(dialog.get_by_text("takes another action than you asked for")).to_be_visible()
    await dialog.get_by_label("Why should it be cancelled?").fill("Done by hand")
    await dialog.get_by_role("button", name="Cancel the request").click()
    await expect(request).to_contain_text("Cancelled by Alice Example")


async def test_command_for_somebody_elses_request(tab: Tab) -> None:
    request = tab.get_by_role("listitem").filter(has_text="operationApprovalRequest · Bob Example")
    target = await request.locator("code").inner_text()
    command = tab.get_by_label("Command or message to send")
    await command.fill(f"/cancel-approval operation-approval {target} not mine")
    await command.press("Enter")
    dialog = tab.get_by_role("dialog", name="Cancel a request")
    await expect(dialog.get_by_text("You may not cancel this request, or it does not exist.")).to_be_visible()


async def test_several_for_one_reason(tab: Tab) -> None:
    """Each click chooses one more, or takes it back, also after another search."""
    command = tab.get_by_label("Command or message to send")
    await command.fill("/cancel-approval several")
    await command.press("Enter")
    dialog = tab.get_by_role("dialog", name="Cancel several requests")
    which, search = dialog.get_by_label("Which ones?"), dialog.get_by_label("Search")
    options = which.get_by_role("option")
    await expect(options.nth(1)).to_be_visible()
    texts = await options.all_inner_texts()
    for number in (0, 1, 1):
        await options.nth(number).click()
    await expect(dialog.get_by_text("1 chosen of at most 25")).to_be_visible()
    await search.fill(texts[1].split(" · ")[1])
    await expect(which).to_have_values([re.compile(r"[0-9a-f]{40}")])
    await options.filter(has_text=texts[1]).first.click()
    await expect(dialog.get_by_text("2 chosen of at most 25")).to_be_visible()
    await dialog.get_by_label("Why should it be cancelled?").fill("An incident")
    await dialog.get_by_role("button", name="Cancel the requests").click()
    root = tab.get_by_role("listitem").filter(has_text="2 requests to cancel, for one reason")
    await expect(root).to_contain_text("All 2 have ended: 2 cancelled")
    await expect(root.get_by_role("button", name="2 replies")).to_be_visible()
