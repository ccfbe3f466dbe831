"""Packs: made of a plan's run and studies, remarked on, sealed with the vote; on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Event, Job, Pack, PackFile, PackRemark, PackState, Study
from funding.models.triggers.meetings import APPEND_ONLY
from funding.reports.packs.canonical import canonical, digest_of
from funding.services.packs import making
from tests.packs.scene import PackScene


@pytest.fixture
def scene(each_database: Database, tmp_path: Path) -> PackScene:
    return PackScene.on(each_database, tmp_path)


def test_a_pack_holds_whole_numbers_written_in_one_way_under_its_digest(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    assert pack.state == PackState.READY
    assert pack.content is not None
    content = json.loads(pack.content)
    assert canonical(content) == pack.content
    assert digest_of(pack.content) == pack.digest
    money = content["figures"]["money"]
    portfolio = content["figures"]["portfolios"][0]
    assert money["given"] == sum(row["amount"] for row in portfolio["totals"])
    assert money["given"] + money["left"] == money["available"]
    assert money["funded"] == len(portfolio["totals"]) > 0
    assert sum(row["amount"] for row in portfolio["funders"]) == money["given"]
    assert sum(row["amount"] for row in content["figures"]["risks"]) == money["given"]


def test_conflicts_are_counted_and_nobody_is_named(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    content = json.loads(pack.content or "")
    assert content["state"]["conflicts"] == {"declared": 1, "proposals": 1, "members_out": 1}
    assert content["state"]["committee"]["members"] == 3
    assert scene.conflicted.name not in (pack.content or "")


def test_what_is_missing_is_worked_out_first(scene: PackScene) -> None:
    pack = scene.make()
    assert set(pack.studies) == {"alternatives", "sureness"}
    content = json.loads(pack.content or "")
    assert content["figures"]["sureness"] is not None
    assert all(row["leave"] is not None for row in content["figures"]["funders"])
    again = scene.make()
    assert again.id != pack.id
    assert again.studies == pack.studies  # what was worked out is not worked out again
    figures = [json.loads(one.content or "")["figures"] for one in (pack, again)]
    assert canonical(figures[0]) == canonical(figures[1])


def test_a_pack_made_of_what_is_there_says_what_it_lacks(scene: PackScene) -> None:
    content = json.loads(scene.make(quick=True).content or "")
    assert set(content["missing"]) == {"alternatives", "sureness", "pooling"}
    assert len(content["figures"]["portfolios"]) == 1


def test_a_pack_that_is_cancelled_stops_its_studies_and_can_be_asked_for_again(
    scene: PackScene,
) -> None:
    database = scene.database
    asked = database.in_transaction(making.ask_for_pack, by=scene.officer, round_id=scene.round_id)
    with pytest.raises(RuleBroken, match="made already"):
        database.in_transaction(making.ask_for_pack, by=scene.officer, round_id=scene.round_id)
    database.in_transaction(making.cancel_pack, by=scene.officer, pack_id=asked.id)
    scene.work()
    assert scene.pack(asked.id).state == PackState.CANCELLED
    with database.reading() as session:
        states = set(session.scalars(sa.select(Study.state)))
    assert states == {"cancelled"}
    assert scene.make().state == PackState.READY


def test_a_worker_that_died_is_followed_by_another_which_makes_the_pack(scene: PackScene) -> None:
    database = scene.database
    asked = database.in_transaction(
        making.ask_for_pack, by=scene.officer, round_id=scene.round_id, is_quick=True
    )
    # as a worker leaves it that was killed
    database.in_transaction(
        lambda session: session.execute(
            sa.update(Job)
            .where(Job.task == making.QUICK)
            .values(state="running", worker="gone", tries=1, lease_until=asked.asked_at)
        )
    )
    scene.work()
    assert scene.pack(asked.id).state == PackState.READY


def test_who_takes_no_part_finds_no_pack(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    with pytest.raises(NotFound):
        scene.say(pack, scene.outsider, "agree")
    with pytest.raises(NotFound):
        scene.make(by=scene.outsider)


def test_members_agree_dissent_and_comment_until_the_vote_is_closed(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    first, second, third = scene.members
    scene.say(pack, first, "dissent", "Too much of one area.")
    scene.say(pack, first, "agree")
    scene.say(pack, second, "comment", "Why not less?", at=0)
    scene.say(pack, scene.officer, "comment", "It was asked for.")
    with pytest.raises(InvalidInput, match="in words"):
        scene.say(pack, third, "dissent", "  ")
    with pytest.raises(InvalidInput, match="one of the portfolios"):
        scene.say(pack, third, "comment", "And this one?", at=7)
    with pytest.raises((NotPermitted, NotFound)):
        scene.say(pack, scene.officer, "agree")
    with pytest.raises(NotPermitted, match="out of the room"):
        scene.say(pack, scene.conflicted, "comment", "I know them well.")
    for member in scene.members:
        scene.vote(member)
    scene.close("Held by call.")
    with pytest.raises(RuleBroken, match="sealed"):
        scene.say(pack, third, "comment", "One thing more.")


def test_the_close_of_the_vote_seals_the_pack_with_votes_and_remarks(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    scene.say(pack, scene.members[0], "agree")
    scene.vote(scene.members[0])
    scene.vote(scene.members[1], "against", "Not this year.")
    scene.vote(scene.members[2])
    scene.close("Held by call.")
    scene.work()
    sealed = scene.sealed()
    assert sealed is not None
    record = json.loads(sealed.record)
    assert sealed.digest == digest_of(sealed.record)
    assert record["pack"] == pack.digest
    assert record["result"]["minutes"] == "Held by call."
    assert [vote["choice"] for vote in record["votes"]] == ["for", "against", "for"]
    assert [said["kind"] for said in record["remarks"]] == ["agree"]
    with scene.database.reading() as session:
        logged = session.scalars(sa.select(Event).where(Event.action == "pack sealed")).one()
        assert logged.detail["seal_sha256"] == sealed.digest
    with pytest.raises(RuleBroken, match="has decided"):
        scene.make()


def test_a_vote_without_a_pack_is_closed_as_ever(scene: PackScene) -> None:
    for member in scene.members[:2]:
        scene.vote(member)
    assert scene.close().result == "endorsed"
    assert scene.sealed() is None


CHANGES = (
    "update pack set content = replace(content, '1', '2') where id = {pack}",
    "update pack set digest = 'x' where id = {pack}",
    "update pack set state = 'failed', content = null, digest = null, made_at = null",
    "delete from pack",
)


def test_the_database_lets_nothing_of_a_made_pack_or_its_seal_change(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    scene.say(pack, scene.members[0], "agree")
    for member in scene.members:
        scene.vote(member)
    scene.close()
    scene.database.in_transaction(
        lambda session: session.add(PackFile(pack_id=pack.id, sha256="0" * 64))
    )
    tries = [change.format(pack=pack.id) for change in CHANGES]
    for table in (name for name in APPEND_ONLY if name.startswith("pack")):
        tries += [f"update {table} set id = id", f"delete from {table}"]
    before = rows(scene)
    for statement in tries:
        with pytest.raises(RuleBroken):
            scene.database.in_transaction(
                lambda session, said=statement: session.execute(sa.text(said))
            )
    with pytest.raises(RuleBroken, match="sealed"):
        scene.database.in_transaction(
            lambda session: session.add(
                PackRemark(pack_id=pack.id, person_id=scene.members[1].person_id, kind="agree")
            )
        )
    assert rows(scene) == before


def rows(scene: PackScene) -> list[tuple[object, ...]]:
    with scene.database.reading() as session:
        packs = session.execute(sa.select(Pack.id, Pack.content, Pack.digest, Pack.state)).all()
        remarks = session.execute(sa.select(PackRemark.id, PackRemark.words)).all()
        return [tuple(row) for row in (*packs, *remarks)]


def test_the_database_refuses_a_remark_of_who_is_in_conflict(scene: PackScene) -> None:
    pack = scene.make(quick=True)
    with pytest.raises(RuleBroken, match="out of the room"):
        scene.database.in_transaction(
            lambda session: session.add(
                PackRemark(pack_id=pack.id, person_id=scene.conflicted.person_id, kind="agree")
            )
        )


def test_a_pin_is_shown_with_its_reason_and_its_price(
    each_database: Database, tmp_path: Path
) -> None:
    scene = PackScene.on(each_database, tmp_path, pins=True)
    content = json.loads(scene.make().content or "")
    (pin,) = content["state"]["pins"]
    assert (pin["proposal"], pin["funded"], pin["reason"]) == ("B", True, "The board promised.")
    (priced,) = content["figures"]["overrides"]
    assert priced["price"] is not None
    assert priced["price"] >= 0
