"""The reason: sent to Intune exactly, and recorded for every kind."""

from tests.scenarios.graph.cases import OPERATION_APPROVAL, Case, each_kind
from tests.scenarios.graph.scene import Scene
from tests.scenarios.play import words

TYPED = "Cafe\u0301 <!channel> & *bold*\nsecond line 🙂"
SENT = "Caf\u00e9 <!channel> & *bold*\r\nsecond line 🙂"
LONGEST = "🙂" * 512


async def test_sent_to_intune(scene: Scene) -> None:
    """NFC with CRLF. Fails when the text goes out as it was typed."""
    target = scene.add(OPERATION_APPROVAL)
    story = await scene.cancel(OPERATION_APPROVAL, target, why=TYPED)
    story.ended("cancelled", posts=1, effects=1)
    assert story.posts[0].body == {"justification": SENT, "approvalSource": "unknown"}
    assert story.effects[0].justification == SENT


async def test_longest(scene: Scene) -> None:
    story = await scene.cancel(OPERATION_APPROVAL, scene.add(OPERATION_APPROVAL), why=LONGEST)
    story.ended("cancelled", posts=1, effects=1)
    assert story.effects[0].justification == LONGEST


@each_kind
async def test_recorded(scene: Scene, case: Case) -> None:
    story = await scene.cancel(case, scene.add(case), why=TYPED)
    story.ended("cancelled", posts=1, effects=1)
    assert {row.justification for row in story.rows} == {SENT}
    assert SENT in words(story.roots[0].blocks)
