"""A pack is made again from what is stored, byte for byte; what was changed is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.exports.packs.document import Printed
from funding.exports.pdf import NoPdf
from funding.models import Pack, Run
from funding.models.triggers import lift_rules, set_rules
from funding.reports.packs.canonical import digest_of
from funding.services.packs import printing, verifying
from funding.services.packs.files import verify_file
from funding.services.packs.verifying import Answer
from tests.packs.scene import PackScene


@pytest.fixture
def scene(each_database: Database, tmp_path: Path) -> PackScene:
    return PackScene.on(each_database, tmp_path)


def sealed_pack(scene: PackScene, *, quick: bool = True) -> Pack:
    pack = scene.make(quick=quick)
    scene.say(pack, scene.members[0], "dissent", "Too much of one area.")
    for member in scene.members:
        scene.vote(member)
    scene.close("Held by call.")
    return pack


def tamper(scene: PackScene, act: Callable[[Session], object]) -> None:
    """Change what the rules of the database guard, as somebody with the file could."""
    with scene.database.engine.execution_options(writes=True).begin() as connection:
        lift_rules(connection)
        session = Session(connection)
        act(session)
        session.flush()
        set_rules(connection)


def answers(scene: PackScene, pack: Pack) -> dict[str, Answer]:
    with scene.database.reading() as session:
        asked = verifying.verify(session, session.get_one(Pack, pack.id))
    return {answer.question: answer for answer in asked}


def wrong(scene: PackScene, pack: Pack) -> str:
    """What is not as it was, as one text."""
    found = [a for a in answers(scene, pack).values() if not a.is_so]
    assert found
    return " | ".join(f"{a.question}: {'; '.join(a.details)}" for a in found)


def test_a_sealed_pack_can_be_made_again_to_the_byte(scene: PackScene) -> None:
    pack = sealed_pack(scene, quick=False)
    asked = answers(scene, pack)
    assert len(asked) == 7
    assert all(answer.is_so for answer in asked.values()), asked


def test_a_changed_byte_of_the_content_is_named(scene: PackScene) -> None:
    pack = sealed_pack(scene)
    given = json.loads(pack.content or "")["figures"]["money"]["given"]
    changed = (pack.content or "").replace(f'"given":{given}', f'"given":{given + 1}', 1)
    tamper(scene, lambda s: s.execute(sa.update(Pack).values(content=changed)))
    said = wrong(scene, pack)
    assert "digest that was noted" in said
    assert f"figures.money.given: {given + 1} in the pack, {given} made again" in said


def test_a_content_changed_together_with_its_digest_is_caught_by_the_log(scene: PackScene) -> None:
    pack = sealed_pack(scene)
    changed = (pack.content or "").replace("As solved.", "As agreed.")
    digest = digest_of(changed)
    tamper(
        scene,
        lambda s: s.execute(sa.update(Pack).values(content=changed, digest=digest)),
    )
    said = wrong(scene, pack)
    assert "The log holds this digest of the pack" in said
    assert "names this pack" in said


def test_a_changed_run_is_named_by_the_figure(scene: PackScene) -> None:
    pack = sealed_pack(scene)

    def act(session: Session) -> None:
        run = session.get_one(Run, pack.plan.run_id)
        plan = json.loads(json.dumps(run.plan))
        key = next(iter(plan["totals"]))
        plan["totals"][key] += 100
        run.plan = plan

    tamper(scene, act)
    said = wrong(scene, pack)
    assert "sources.run.plan" in said
    assert "figures.money.given" in said


def test_a_changed_vote_or_remark_is_named(scene: PackScene) -> None:
    pack = sealed_pack(scene)
    tamper(scene, lambda s: s.execute(sa.text("update vote set choice = 'abstain' where id = 1")))
    tamper(scene, lambda s: s.execute(sa.text("update pack_remark set words = 'I like it.'")))
    said = wrong(scene, pack)
    assert "seal.votes[0].choice: 'for' in the pack, 'abstain' made again" in said
    assert "seal.remarks[0].words" in said


def printed(scene: PackScene, pack: Pack) -> bytes:
    with scene.database.reading() as session:
        found = session.get_one(Pack, pack.id)
        made = printing.paper(session, found, printing.EVERYTHING)
    try:
        return Printed.of(made).pdf
    except NoPdf as reason:
        pytest.skip(str(reason))


def test_the_file_alone_can_be_verified_and_the_one_kept_is_known(scene: PackScene) -> None:
    pack = sealed_pack(scene)
    scene.work()
    content = printed(scene, pack)
    assert content == printed(scene, pack)
    alone = verify_file(content)
    assert all(answer.is_so for answer in alone)
    assert any(pack.digest in " ".join(answer.details) for answer in alone)
    with scene.database.reading() as session:
        asked = verify_file(content, session)
        name = printing.kept_name(session, session.get_one(Pack, pack.id))
    assert name is not None
    assert all(answer.is_so for answer in asked), asked


def test_a_changed_byte_of_the_file_is_detected_and_named(scene: PackScene) -> None:
    pack = sealed_pack(scene)
    scene.work()
    content = printed(scene, pack)
    at = content.index(b"/Type /EmbeddedFile")
    inside = content.index(b"stream", at) + 60
    elsewhere = content.rindex(b"endobj") - 200
    for place, named in ((inside, "read"), (elsewhere, "to the byte")):
        changed = bytearray(content)
        changed[place] ^= 1
        with scene.database.reading() as session:
            asked = verify_file(bytes(changed), session)
        told = [answer.question for answer in asked if not answer.is_so]
        assert told
        assert any(named in question for question in told), told


def test_a_content_of_another_making_is_not_known(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    changed = (pack.content or "").replace("As solved.", "As agreed.").encode()
    with scene.database.reading() as session:
        asked = verify_file(changed, session)
    assert [a.question for a in asked if not a.is_so] == ["The site's database knows this content"]
