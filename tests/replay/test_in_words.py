"""What a replay found is said in the reader's language, from a result that is kept in English."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from funding.errors import InvalidInput
from funding.language import using
from funding.replay.areas import area_in_words
from funding.replay.assumptions import CATALOGUE, Assumptions, grid, in_full, one_at_a_time
from funding.replay.brief import in_brief
from funding.replay.cautions import cautions
from funding.replay.findings import findings, of_all
from funding.reports.replay import cautions_of, findings_of, range_rows, variations_chart
from funding.services.replay_files import Replay
from funding.services.run_words import told
from tests.plain_words import plain
from tests.replay.lists import TWO_FUNDERS, listed, replayed

ENGLISH = re.compile(r"\b(the|of|would|and|than|with|none|all)\b")


@pytest.fixture(scope="module")
def result() -> dict:
    return json.loads(json.dumps(replayed(TWO_FUNDERS, extent="all")))


def test_findings_are_kept_in_english_and_made_again_for_others(result: dict) -> None:
    assert findings(result) == result["findings"] == findings_of(result)
    assert cautions(result) == result["cautions"] == cautions_of(result)
    with using("fr"):
        several = findings_of(result)[0]["text"]
        assert plain(several).startswith(
            "1 sur 2 bénéficiaires avaient plus d’un bailleur de fonds (2022) : 100 USD en 2 accord"
        )


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_no_word_of_a_finding_stays_english(result: dict, language: str) -> None:
    with using(language):
        said = [one[part] for one in findings_of(result) for part in ("text", "why")]
        said += cautions_of(result)
    # the rule on names says itself which English words it passes over
    said = [text.replace("“and”", "").replace("« and »", "").replace("«and»", "") for text in said]
    assert not [text for text in said if ENGLISH.search(text)]


def test_what_was_noticed_in_the_list_is_kept_to_be_said_again(tmp_path: Path) -> None:
    rows = "Alder,Xylem,60,2022-01-01,chess,\nAlder,Yarrow,-60,2022-02-01,,\nAlder,Zinnia,0,,,\n"
    made = Replay.keep(tmp_path, listed(rows + TWO_FUNDERS), organisation_id=1, person_id=1)
    notes = Replay.load(made.folder).notes
    with using("fr"):
        said = {plain(told(note)) for note in notes}
    assert said >= {
        "Lignes dont le domaine n’est aucun des nôtres : 1.",
        "Les lignes sans montant, ou avec 0, ne prennent pas part à une simulation rétrospective "
        ": 1.",
        "Restitutions pour lesquelles la liste n’a pas de subvention, ou en a une trop petite : 1.",
    }
    with using("ar"):
        assert told("Rows of a list from before: 1.") == "Rows of a list from before: 1."


def test_a_year_without_grants_is_refused_with_what_there_is() -> None:
    with using("fr"), pytest.raises(InvalidInput) as refused:
        replayed(TWO_FUNDERS, year=1999)
    assert plain(refused.value.faults[0].rule) == (
        "il n’y a pas de subvention en 1999 ; années dans la liste : 2021, 2022"
    )


def test_how_many_of_all_is_words_in_each_language() -> None:
    assert [of_all(0, 2, "funder"), of_all(1, 2), of_all(2, 2)] == [
        "none of 2 funders",
        "1 of 2",
        "all 2",
    ]
    with using("fr"):
        assert of_all(0, 2, "funder") == "aucun sur 2 bailleurs de fonds"
    with using("ar"):
        assert of_all(1, 2) == "1 من أصل 2"


def test_changed_assumptions_are_words_not_keys() -> None:
    both = {"ask_factor": 1.5, "need": "equal"}
    assert in_brief(both) == "Asks times: 1.5; Need: all the same"
    assert in_full(both) == "Asks multiplied by: 1.5; What each area needs: all areas the same"
    with using("fr"):
        assert plain(in_brief(both)) == "Demandes multipliées par : 1,5 ; Besoin : tous à égalité"
    with using("ar"):
        assert "؛ " in in_brief(both)


def test_every_value_of_every_choice_has_few_words() -> None:
    for assumption in CATALOGUE:
        words = [in_brief({assumption.key: choice.key}) for choice in assumption.choices]
        assert len(set(words)) == len(words)
        assert not [one for one in words if "_" in one]
    every = [one.brief for one in (*one_at_a_time(Assumptions()), *grid(Assumptions()))]
    assert len(set(every)) == len(every)  # a chart has one row for each


def test_the_chart_of_a_result_from_before_has_words_too(result: dict) -> None:
    old = json.loads(json.dumps(result))
    for one in old["variations"]:
        one["brief"] = "; ".join(f"{key}: {value}" for key, value in one["changes"].items())
    chart = variations_chart(old)
    assert chart is not None
    assert "ask_factor" not in chart["figure_json"]
    with using("fr"):
        chart = variations_chart(old)
        rows = range_rows(old)
    assert chart is not None
    assert any("Montants demandés" in row[0] or "demand" in row[0] for row in chart["rows"])
    assert not [r for r in rows for w in ("least_when", "most_when") if " the " in r[w]]


def test_what_we_call_areas_that_the_list_does_not_name_is_said_and_its_own_are_not() -> None:
    with using("fr"):
        assert area_in_words("Other fields") == "Autres domaines"
        assert area_in_words("Evaluations") == "Evaluations"
    assert in_brief({"restrictions": "any"}) == "May pay for: anybody"
    with using("ar"):
        assert not re.search("[a-z]", plain(in_brief({"restrictions": "any"})))
