"""Scenes of the demo with the real bot: what they count as right, and what as wrong."""

from dataclasses import replace

import pytest

from bot.sandbox.demo import Demo
from bot.sandbox.people import ALICE
from bot.sandbox.scenes import AZURE, INTUNE, ROLE, SCENES, WITHDRAWAL, Scene
from bot.sandbox.tenant import Tenant

pytestmark = pytest.mark.usefixtures("socket_bot")

WAITING = Scene("It waits for approval", ALICE, ROLE, ALICE, "✔ Cancelled", state="PendingApproval")


async def played(tenant: Tenant, *scenes: Scene) -> int:
    """Plays them; how many did not end as they must."""
    demo = Demo(tenant)
    for number, scene in enumerate(scenes, 1):
        await demo.play(number, scene)
    return demo.failed


async def test_a_request_at_azure(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails when it is made at Graph, or its effect is looked for there."""
    [scene] = [one for one in SCENES if one.kind is AZURE]
    assert await played(tenant, scene) == 0
    printed = capsys.readouterr().out
    assert "→ Azure      POST /subscriptions/" in printed
    assert "Microsoft    now says “Canceled”" in printed


async def test_another_action_is_offered(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails when the dialog is sent before it offers the other action."""
    [scene] = [one for one in SCENES if one.offered]
    assert (scene.kind, scene.offered) == (INTUNE, WITHDRAWAL)
    assert await played(tenant, scene) == 0
    printed = capsys.readouterr().out
    assert "takes another action than you asked for" in printed
    assert "cancelMyRequest" in printed


async def test_a_scene_leaves_nothing_to_the_next(tenant: Tenant) -> None:
    """Fails when Microsoft goes on refusing what it refused in one scene."""
    [refused] = [one for one in SCENES if one.state == WAITING.state]
    assert await played(tenant, refused, WAITING) == 0


async def test_what_is_wrong_is_counted(tenant: Tenant) -> None:
    """Fails when a scene is right whatever is said or done."""
    [scene] = [one for one in SCENES if one.state == "Provisioned"]
    assert await played(tenant, scene, replace(scene, expect="✔ Cancelled"), replace(scene, effects=1)) == 2
