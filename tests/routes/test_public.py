"""Public pages: open to anybody, kept by caches, and silent on what is kept back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import (
    AreaNeed,
    Award,
    AwardEmbargo,
    AwardState,
    HandedIn,
    Narrative,
    Output,
    Person,
    Proposal,
    Publication,
    Report,
    Role,
    Round,
    RunProposal,
    Tranche,
    Voice,
    WithheldTitle,
)
from funding.services import ledger
from tests.builders import make_award, make_person
from tests.conftest import SignIn
from tests.packs.scene import PackScene
from tests.pages import words_of
from tests.public_scene import close, publish

SECRET = "Zymurgy of locks"
"""Words that stand nowhere else."""


@dataclass(frozen=True)
class Scene:
    """Two public rounds with an award each; `key` and the rest are of the first."""

    round_id: int
    key: str
    award_id: int
    other_id: int
    owner_id: int
    email: str


def public_award(session: Session) -> Award:
    """The one award of a public round of its own, so that its work has no other."""
    award = make_award(session)
    award.state = AwardState.ACCEPTED
    round_ = award.proposal.round
    round_.needs = [AreaNeed(area_key="interpretability", steps=[[50_000_00, 1.0]], spent=1_00)]
    close(session, round_)
    publish(session, round_, make_person(session, round_.owner, Role.COMMITTEE))
    return award


@pytest.fixture
def scene(site: Flask) -> Scene:
    def make(session: Session) -> Scene:
        award, other = public_award(session), public_award(session)
        round_ = award.proposal.round
        owner = session.get_one(Publication, round_.id).published_by
        return Scene(round_.id, round_.key, award.id, other.id, owner.id, owner.email)

    return database(site).in_transaction(make)


def database(site: Flask) -> Database:
    return site.extensions["database"]


def crawl(client: FlaskClient, *more: str) -> dict[str, tuple[int, str, str]]:
    """Every public address that can be reached, with its status, its ETag and its words."""
    waiting = ["/public/", "/sitemap.xml", "/robots.txt", *more]
    found: dict[str, tuple[int, str, str]] = {}
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        answer = client.get(address)
        text = answer.text if "spreadsheet" not in answer.mimetype else ""
        found[address] = (answer.status_code, answer.headers.get("ETag", ""), text)
        waiting += [link for link in _links(answer.mimetype, text) if link not in found]
    return found


def _links(mimetype: str, text: str) -> Iterator[str]:
    if mimetype == "text/html":
        for link in BeautifulSoup(text, "html.parser").select("main a[href]"):
            if link["href"].startswith("/public/") and not re.search("voices/|sort=", link["href"]):
                yield link["href"].partition("#")[0]
    yield from re.findall(r"<loc>[a-z]+://[^/]+(/public/[^<]*)</loc>", text)


def states(crawled: dict[str, tuple[int, str, str]]) -> dict[str, tuple[int, str]]:
    """What tells one state of the public pages from another."""
    return {address: (status, etag) for address, (status, etag, _) in crawled.items()}


# -- caches ---------------------------------------------------------------------------------------


def test_public_pages_are_kept_and_asked_for_again_by_their_etag(site: Flask, scene: Scene) -> None:
    client = site.test_client()
    found = crawl(client)
    assert len(found) > 40
    for address in found:
        first = client.get(address)
        assert first.status_code == 200, address
        assert first.headers["Cache-Control"] == "public, max-age=300", address
        assert "Set-Cookie" not in first.headers, address
        assert {"Cookie", "Accept-Language"} <= set(first.headers["Vary"].split(", ")), address
        assert "csrf_token" not in first.text if first.mimetype == "text/html" else True
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), address


def test_no_page_that_carries_a_session_may_be_kept(
    site: Flask, scene: Scene, sign_in: SignIn
) -> None:
    key = scene.key
    visitor, member = site.test_client(), sign_in(site, scene.email)
    form = visitor.get(f"/public/voices/{key}")
    assert form.headers["Cache-Control"] == "no-store"
    assert visitor.get("/").headers["Cache-Control"] == "no-cache"
    assert visitor.get(f"/rounds/{scene.round_id}").headers["Cache-Control"] == "no-cache"
    for address in ("/public/", f"/public/rounds/{key}", "/public/data/awards.csv"):
        answer = member.get(address)
        assert answer.headers["Cache-Control"] == "no-store"
        assert scene.email not in answer.text
        # the same for everybody, whoever asks
        assert answer.data == visitor.get(address).data


def test_a_message_for_somebody_is_not_shown_on_a_public_page(
    site: Flask, scene: Scene, sign_in: SignIn
) -> None:
    client = sign_in(site, scene.email)
    client.post("/sign-out")
    assert "You are signed out" not in words_of(client.get("/public/").text)
    assert "You are signed out" in words_of(client.get("/").text)


def test_a_changed_figure_has_another_etag(site: Flask, scene: Scene) -> None:
    client, key = site.test_client(), scene.key
    addresses = [f"/public/rounds/{key}", "/public/data/awards.xlsx", "/public/data/payments.csv"]
    before = [client.get(address).headers["ETag"] for address in addresses]
    assert before == [client.get(address).headers["ETag"] for address in addresses]
    database(site).in_transaction(
        lambda session: schedule_late(session, session.get_one(Award, scene.award_id))
    )
    assert not set(before) & {client.get(address).headers["ETag"] for address in addresses}


def test_the_language_asked_for_is_the_language_of_the_page(site: Flask, scene: Scene) -> None:
    client = site.test_client()
    english = client.get("/public/").headers["ETag"]
    french = client.get("/public/", headers={"Accept-Language": "fr"})
    assert '<html lang="fr"' in french.text
    assert french.headers["ETag"] != english


# -- what is kept back ----------------------------------------------------------------------------


def schedule_late(session: Session, award: Award) -> None:
    """A late tranche more."""
    preparer = award.plan_line.recommended_by_id
    tranche = Tranche(amount=1_00, due_on=date(2026, 1, 2), prepared_by_id=preparer)
    award.tranches.append(tranche)
    session.flush()
    ledger.schedule(session, None, tranche)


def change_all(session: Session, award: Award) -> None:
    """Change whatever there is of an award."""
    award.proposal.title, award.proposal.abstract = SECRET, SECRET
    schedule_late(session, award)
    narrative = Narrative(
        proposal_id=award.proposal_id, kind="progress", started_by_id=award.proposal.lead_id
    )
    session.add(narrative)
    session.flush()
    handed_in = HandedIn(
        narrative_id=narrative.id,
        number=1,
        progress="Much",
        handed_in_by_id=award.proposal.lead_id,
    )
    handed_in.outputs = [Output(position=1, kind="paper", title=SECRET, address="10.5/zymurgy")]
    session.add(handed_in)
    session.flush()
    report = Report(
        award_id=award.id, kind="progress", due_on=now().date(), narrative_id=narrative.id
    )
    session.add(report)
    session.flush()
    report.handed_in_id, report.state = handed_in.id, "submitted"
    session.flush()
    officer = make_person(session, award.commitment.funder)
    report.decided_by_id, report.state = officer.id, "accepted"
    session.flush()
    handed_in.counts = True


SEARCHES = (
    "/public/awards?q=zymurgy",
    "/public/awards?q=locks&sort=title",
    "/public/outputs?q=zymurgy",
    "/public/data/awards.csv?q=zymurgy",
    "/public/awards?sort=-title",
    "/public/awards?sort=amount&per_page=200",
)


def test_the_public_cannot_tell_apart_what_differs_only_in_an_embargoed_award(
    site: Flask, scene: Scene
) -> None:
    """Whatever happens to it, no page, file, search or total changes until its day."""
    client = site.test_client()

    def embargo(session: Session) -> int:
        award = session.get_one(Award, scene.award_id)
        session.add(
            AwardEmbargo(
                award_id=award.id,
                until=now().date() + timedelta(days=5),
                reason="Talks",
                set_by_id=scene.owner_id,
            )
        )
        return award.id

    open_before = states(crawl(client, *SEARCHES))
    number = database(site).in_transaction(embargo)
    before = crawl(client, *SEARCHES)
    assert f"/public/awards/{number}" in open_before
    assert f"/public/awards/{number}" not in before
    assert client.get(f"/public/awards/{number}").status_code == 404
    database(site).in_transaction(
        lambda session: change_all(session, session.get_one(Award, number))
    )
    changed = crawl(client, *SEARCHES)
    assert states(changed) == states(before)
    assert not [a for a, (_, _, text) in changed.items() if "ymurgy" in text and a not in SEARCHES]

    def lift(session: Session) -> None:
        session.get_one(AwardEmbargo, number).until = now().date()

    database(site).in_transaction(lift)
    after = states(crawl(client, *SEARCHES))
    assert f"/public/awards/{number}" in after
    assert after != open_before  # with what was paid meanwhile


def test_a_withheld_title_is_in_no_page_file_search_or_order(site: Flask, scene: Scene) -> None:
    client = site.test_client()

    def withhold(session: Session) -> int:
        award = session.get_one(Award, scene.award_id)
        change_all(session, award)
        session.add(
            WithheldTitle(
                proposal_id=award.proposal_id,
                reason="unpatched flaw",
                note="For insiders alone",
                withheld_by_id=scene.owner_id,
            )
        )
        return award.id

    number = database(site).in_transaction(withhold)
    before = crawl(client, *SEARCHES)
    told = before[f"/public/awards/{number}"][2]
    assert "a flaw that is not mended yet" in words_of(told)
    for address, (_, _, text) in before.items():
        if address not in SEARCHES:  # which say themselves what they look for
            assert "ymurgy" not in text, address
        assert "insiders alone" not in text, address
    assert "No award matches" in before[SEARCHES[0]][2]

    def another(session: Session) -> None:
        proposal = session.get_one(Award, number).proposal
        proposal.title, proposal.abstract = "Aardvark", "Quite another"

    database(site).in_transaction(another)
    assert states(crawl(client, *SEARCHES)) == states(before)


def test_nothing_of_a_round_is_there_before_its_day_or_once_it_is_taken_down(
    site: Flask, scene: Scene
) -> None:
    client, key = site.test_client(), scene.key
    known = list(crawl(client))
    numbers = [f"/public/awards/{scene.award_id}"]
    assert numbers[0] in known

    def keep_until(day: date | None, *, is_public: bool = True) -> None:
        def act(session: Session) -> None:
            found = session.get_one(Publication, scene.round_id)
            found.embargo_until, found.is_public = day, is_public
            found.taken_down_reason = "A slip"

        database(site).in_transaction(act)

    tomorrow = now().date() + timedelta(days=1)
    for day, is_public in ((tomorrow, True), (None, False)):
        keep_until(day, is_public=is_public)
        left = crawl(client)
        assert not any(key in text for _, _, text in left.values())
        for address in (f"/public/rounds/{key}", f"/public/voices/{key}", *numbers):
            assert client.get(address).status_code == 404, address
    keep_until(now().date())
    assert set(crawl(client)) == set(known)


def test_no_person_is_named_in_public(site: Flask, scene: Scene) -> None:
    with database(site).reading() as session:
        names = {person.name for person in session.scalars(sa.select(Person))}
    assert len(names) > 5
    for address, (_, _, text) in crawl(site.test_client()).items():
        named = {name for name in names if re.search(rf"\b{name}\b", text)}
        assert not named, address


def test_what_does_not_exist_and_what_is_not_public_answer_alike(site: Flask, scene: Scene) -> None:
    client = site.test_client()
    offered = database(site).in_transaction(lambda session: make_award(session).id)
    for address in (
        f"/public/awards/{offered}",
        "/public/awards/999999",
        "/public/awards/2147483648",
        "/public/rounds/no-such-round",
        "/public/funders/no-such-funder",
        "/public/areas/no-such-area",
        "/public/areas/evaluations-capability",
        "/public/voices/no-such-round",
    ):
        assert client.get(address).status_code == 404, address


# -- the form -------------------------------------------------------------------------------------


def said(site: Flask) -> list[Voice]:
    with database(site).reading() as session:
        return list(session.scalars(sa.select(Voice)))


def send(client: FlaskClient, key: str, **fields: Any) -> Any:
    data = {"areas": ["evaluations"], "words": "Mind the gap.", "capacity": "", **fields}
    return client.post(f"/public/voices/{key}", data=data)


def test_anybody_says_which_gaps_matter_and_nobody_reads_it_unmoderated(
    site: Flask, scene: Scene
) -> None:
    client, key = site.test_client(), scene.key
    answer = send(client, key, words="See http://x.example <script>alert(1)</script>")
    assert answer.status_code == 302
    assert "Thank you" in client.get(answer.location).text
    (voice,) = said(site)
    assert voice.words == "See [link removed] <script>alert(1)</script>"
    assert "[link removed]" not in client.get(f"/public/rounds/{key}").text

    def show(session: Session) -> None:
        found = session.get_one(Voice, voice.id)
        found.moderated_by_id, found.state = scene.owner_id, "shown"

    database(site).in_transaction(show)
    page = client.get(f"/public/rounds/{key}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_what_was_typed_comes_back_with_what_is_wrong(site: Flask, scene: Scene) -> None:
    client, key = site.test_client(), scene.key
    answer = send(client, key, areas=[], words="Kept as typed")
    assert answer.status_code == 422
    assert "Choose at least one area." in answer.text
    assert "Kept as typed" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert not said(site)


def test_a_machine_that_fills_in_every_field_leaves_nothing(site: Flask, scene: Scene) -> None:
    key = scene.key
    assert send(site.test_client(), key, website="http://x.example").status_code == 302
    assert not said(site)


def test_one_address_speaks_a_few_times_an_hour(site: Flask, scene: Scene) -> None:
    client, key = site.test_client(), scene.key
    answers = [send(client, key).status_code for _ in range(8)]
    assert answers == [302] * 6 + [429] * 2
    assert len(said(site)) == 6


def test_the_form_wants_its_token(site: Flask, scene: Scene) -> None:
    site.config["WTF_CSRF_ENABLED"] = True
    client, key = site.test_client(), scene.key
    assert send(client, key).status_code == 400
    page = client.get(f"/public/voices/{key}").text
    token = BeautifulSoup(page, "html.parser").select_one("main input[name=csrf_token]")["value"]
    assert send(client, key, csrf_token=token).status_code == 302


@pytest.mark.parametrize(
    "words", ["\x00", "\u202e" * 100, "é" * 600, "' or 1=1 --", "{{ 7 * 7 }}", "%s%n" * 50]
)
def test_hostile_words_do_no_harm(site: Flask, scene: Scene, words: str) -> None:
    client, key = site.test_client(), scene.key
    assert send(client, key, words=words).status_code in (302, 422)
    assert client.get(f"/public/rounds/{key}").status_code == 200


def test_a_round_shows_the_seal_of_its_decision_pack_and_nothing_that_stands_in_the_pack(
    site: Flask, tmp_path: Path
) -> None:
    client = site.test_client()
    scene = PackScene.on(database(site), tmp_path)
    pack = scene.make(quick=True)
    scene.say(pack, scene.members[0], "dissent", f"{SECRET}, in a remark.")
    for member in scene.members:
        scene.vote(member, words=f"{SECRET}, in a vote.")
    scene.close(f"{SECRET}, in the minutes.")
    sealed = scene.sealed()
    assert sealed is not None

    def out(session: Session) -> str:
        round_ = session.get_one(Round, scene.round_id)
        close(session, round_)
        publish(session, round_, session.get_one(Person, scene.members[0].person_id))
        return round_.key

    key = database(site).in_transaction(out)
    with database(site).reading() as session:
        people = session.scalars(sa.select(Person.name)).all()
        refused = session.scalars(
            sa.select(Proposal.title)
            .join(RunProposal, RunProposal.proposal_id == Proposal.id)
            .where(RunProposal.run_id == scene.run_id, RunProposal.amount == 0)
        ).all()
    page = client.get(f"/public/rounds/{key}").text
    assert words_of(page).count(sealed.digest) == 1
    assert "The committee endorsed the plan" in words_of(page)
    assert SECRET not in page
    assert refused
    assert not [name for name in (*people, *refused) if name in page]
    for view in ("", "/pack.pdf", "/verify"):
        answer = client.get(f"/packs/{pack.id}{view}")
        assert (answer.status_code, sealed.digest in answer.text) in {(302, False), (404, False)}
