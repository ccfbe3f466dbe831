"""Rules, needs and pins of a scenario, and limits of its result, in the reader's language."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from funding.language import using
from funding.models import Pin
from funding.reports.rules import rule_rows
from funding.reports.scenarios import PinRow
from funding.routes.policy_form import policy_rows
from funding.routes.scenario_form import InForce, _need_parts
from tests.plain_words import plain
from tests.routes.test_rounds import Room, owner, room  # noqa: F401 - fixtures

POLICY = InForce(
    {
        "overlap_weight": 1.5,
        "agreement_cost": 1_500_00,
        "region_least": {"africa": 0.125},
        "risk_most": {"high": 0.2, "prohibited": 0},
    },
    "EUR",
)


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        (
            "en",
            [
                ("Price of paying twice", "1.5"),
                ("Price of one more agreement", "EUR 1,500"),
                ("Least for Sub-Saharan Africa", "at least 12.5%"),
                ("Most for high risk", "at most 20%"),
                ("Most for prohibited risk", "none"),
            ],
        ),
        (
            "fr",
            [
                ("Prix d’un double paiement", "1,5"),
                ("Prix d’une convention de plus", "1 500 EUR"),
                ("Minimum pour Afrique subsaharienne", "au moins 12,5 %"),
                ("Maximum pour le risque élevé", "au plus 20 %"),
                ("Maximum pour le risque interdit", "aucun"),
            ],
        ),
        ("ar", [("الحد الأقصى لفئة المخاطر: مرتفع", "20% على الأكثر")]),
    ],
)
def test_the_rules_of_a_policy_are_read_in_the_readers_language(
    language: str, rows: list[tuple[str, str]]
) -> None:
    with using(language):
        read = [(plain(label), plain(words)) for label, words in policy_rows(POLICY)]
    assert read == rows if len(rows) > 1 else rows[0] in read


def test_needs_and_pins_are_read_in_the_readers_language() -> None:
    need = {"floor": 100_00, "cap": None, "steps": [[200_00, 0.5]]}
    pinned = PinRow(Pin(amount=50_00), "P1", "Title", "Alder Fund", "EUR")
    with using("fr"):
        assert [plain(part) for part in _need_parts(need, "EUR")] == [
            "minimum 100 EUR",
            "aucune limite",
            "paliers en EUR : 200: 0.5",
        ]
        assert plain(pinned.in_words) == "50 EUR de Alder Fund"
        assert PinRow(Pin(funded=True), "P1", "Title", None, "EUR").in_words == (
            "financée dans tous les cas"
        )


def test_what_a_rule_misses_is_read_in_the_readers_language() -> None:
    row = {
        "rule": "welfare",
        "not_kept": [{"limit": "risk_most", "where": "high", "by": 1_000_00}],
    }
    found = {"rules": [row], "alone": {}}
    with using("es"):
        (shown,) = rule_rows(found, "welfare", {}, "EUR")
    assert plain(shown["missed"][0]).startswith("El nivel de riesgo ")
    assert "alto" in shown["missed"][0]


def test_the_form_of_the_policy_is_in_the_readers_language(
    owner: FlaskClient,  # noqa: F811
    room: Room,  # noqa: F811
) -> None:
    page = owner.get(f"/rounds/{room.round_id}/policy?language=fr").text
    assert "Risque élevé" in page
    assert "High risk" not in page
    assert "Every amount suggested" not in page
