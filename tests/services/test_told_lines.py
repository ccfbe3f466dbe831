"""What a line of a plan rests on, and which money may pay a proposal, in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.language import using
from funding.models import Commitment, PlanLine, Run, RunLine
from funding.permissions import Actor
from funding.reports.discretion import Discretion
from funding.reports.result_views import funder_views
from funding.reports.results import payers_of
from funding.services.allocation import clauses_of
from funding.services.plans import put_forward
from funding.services.run_words import said_again, told
from optimizer.sentences import all_of, kept, percent, sentence, whole
from tests.plain_words import plain
from tests.runs import small_round, solve

IN_AFRICA = {
    "en": "It is in Sub-Saharan Africa.",
    "fr": "Elle se situe dans la région Afrique subsaharienne.",
    "ar": "يقع في أفريقيا جنوب الصحراء.",
}


def solved(database: Database, folder: Path) -> tuple[Actor, Run]:
    by, scenario_id = database.in_transaction(small_round)
    return by, solve(database, folder, by, scenario_id)


def line_in_yen(session: Session, run: Run) -> RunLine:
    return session.scalars(
        sa.select(RunLine)
        .join(Commitment, Commitment.id == RunLine.commitment_id)
        .where(RunLine.run_id == run.id, Commitment.key == "yen")
    ).one()


def why_of_yen(session: Session, run: Run, line: RunLine) -> str:
    """What the page of the proposal says of that line."""
    payers = payers_of(session, run.id, [line.proposal_id])[line.proposal_id]
    return next(payer.why for payer in payers if payer.commitment == "Yen")


def test_what_a_line_rests_on_is_said_in_the_readers_language(
    each_database: Database, tmp_path: Path
) -> None:
    by, run = solved(each_database, tmp_path)
    with each_database.reading() as session:
        run = session.get_one(Run, run.id)
        line = line_in_yen(session, run)
        assert line.reason == IN_AFRICA["en"]
        discretion = Discretion.of(session, by, run.scenario.round_id)
        for language, words in IN_AFRICA.items():
            with using(language):
                views = funder_views(session, by, run, discretion)
                assert why_of_yen(session, run, line) == words
            lines = [one for view in views for one in view.lines if one.commitment == "Yen"]
            assert [one.why for one in lines] == [words]
            assert [one.reason for one in lines] == [IN_AFRICA["en"]]  # files have this


def test_a_line_put_forward_keeps_what_its_reason_was_made_of(
    database: Database, tmp_path: Path
) -> None:
    by, run = solved(database, tmp_path)
    database.in_transaction(put_forward, by=by, run_id=run.id, note="", key="once")
    with database.reading() as session:
        suggested = line_in_yen(session, run)
        line = session.scalars(
            sa.select(PlanLine).where(PlanLine.commitment_id == suggested.commitment_id)
        ).one()
        with using("ar"):
            assert said_again(line.reason, line.says) == IN_AFRICA["ar"]


def test_a_decided_line_says_so_before_what_it_rests_on() -> None:
    half = sentence(
        "%(share)s of the work lies in %(areas)s (at least %(least)s)",
        share=percent(0.5),
        areas=all_of(["Audits", "Theory"]),
        least=percent(0.25),
    )
    words = sentence("Decided already. %(why)s", why=whole(half))
    assert words == "Decided already. 50% of the work lies in Audits and Theory (at least 25%)."
    with using("fr"):
        assert plain(told(kept(words))) == (
            "Déjà décidé. 50 % des travaux relèvent de Audits et Theory (au moins 25 %)."
        )


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("fr", "il ne verse que dans ces régions : Afrique subsaharienne"),
        ("ar", "يدفع في هذه المناطق فقط: أفريقيا جنوب الصحراء"),
    ],
)
def test_a_clause_against_a_proposal_is_said_in_the_readers_language(
    database: Database, tmp_path: Path, language: str, says: str
) -> None:
    _, run = solved(database, tmp_path)
    with using(language):
        clauses = {
            c.commitment: c
            for c in clauses_of(run.problem or {}, "A", {"africa": "Sub-Saharan Africa"})
        }
    assert plain(clauses["yen"].refusal or "") == says
    assert clauses["open"].refusal is None


def test_a_line_from_before_reads_as_it_was_stored(database: Database, tmp_path: Path) -> None:
    _, run = solved(database, tmp_path)

    def forget(session: Session) -> None:
        session.execute(sa.update(RunLine).values(says=sa.null()))

    database.in_transaction(forget)
    with database.reading() as session:
        line = line_in_yen(session, run)
        with using("fr"):
            assert why_of_yen(session, run, line) == IN_AFRICA["en"]
