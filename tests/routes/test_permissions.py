"""Every route with every role, on one's own things and on another's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from funding.models import Role
from funding.permissions import PERMISSIONS, PUBLIC, SIGNED_IN
from tests.conftest import SignIn
from tests.pages import without_token
from tests.routes.world import Side, make_side

OPEN_TO_ANY_APPLICANT = {"rounds.ask", "applications.start"}
"""Anybody with an account may ask about a published round, and apply to it."""


@pytest.fixture
def sides(site: Flask) -> tuple[Side, Side]:
    database = site.extensions["database"]
    return database.in_transaction(make_side), database.in_transaction(make_side)


def rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, permission) of every route but the static files."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        declared = getattr(app.view_functions[rule.endpoint], "permission", None)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule, method, declared


def address(app: Flask, rule: Rule, side: Side) -> str:
    """The rule's address filled with this side's ids; fails for an argument not in the world."""
    with app.test_request_context():
        from flask import url_for

        return url_for(rule.endpoint, **{name: side.ids[name] for name in rule.arguments})


def test_every_route_declares_one_known_permission(site: Flask) -> None:
    undeclared = {rule.endpoint for rule, _, declared in rules(site) if declared is None}
    assert not undeclared
    known = {PUBLIC, SIGNED_IN, *PERMISSIONS}
    assert {declared for _, _, declared in rules(site)} <= known


def test_a_view_without_a_permission_is_never_run(site: Flask) -> None:
    site._got_first_request = False
    site.add_url_rule("/forgotten-rule", "forgotten_rule", lambda: "secret")
    answer = site.test_client().get("/forgotten-rule")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_who_is_not_signed_in_is_asked_to_sign_in(site: Flask, sides: tuple[Side, Side]) -> None:
    client = site.test_client()
    for rule, method, declared in rules(site):
        if declared == PUBLIC:
            continue
        answer = client.open(address(site, rule, sides[0]), method=method)
        assert answer.status_code == 302, rule
        assert answer.headers["Location"].startswith("/sign-in"), rule


@pytest.mark.parametrize("role", list(Role))
def test_a_role_without_the_permission_is_refused_on_its_own_things(
    site: Flask, sides: tuple[Side, Side], sign_in: SignIn, role: Role
) -> None:
    own, _ = sides
    client = sign_in(site, own.people[role])
    tried = 0
    for rule, method, declared in rules(site):
        if declared in (PUBLIC, SIGNED_IN) or role in PERMISSIONS[declared]:
            continue
        answer = client.open(address(site, rule, own), method=method)
        assert answer.status_code == 403, f"{role} {method} {rule}: {answer.status_code}"
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("role", list(Role))
def test_a_role_with_the_permission_reads_its_own_things(
    site: Flask, sides: tuple[Side, Side], sign_in: SignIn, role: Role
) -> None:
    """Own pages answer; a page that is there only in some state may say 404 or 409, never 403."""
    own, _ = sides
    client = sign_in(site, own.people[role])
    for rule, method, declared in rules(site):
        if method != "GET" or declared in (PUBLIC, SIGNED_IN) or role not in PERMISSIONS[declared]:
            continue
        answer = client.get(address(site, rule, own), buffered=True)
        assert answer.status_code in (200, 302, 303, 404, 409), (
            f"{role} {rule}: {answer.status_code}"
        )
        if not rule.arguments:
            assert answer.status_code in (200, 302), f"{role} {rule}"


@pytest.mark.parametrize("role", list(Role))
def test_what_belongs_to_others_answers_as_if_it_were_not_there(
    site: Flask, sides: tuple[Side, Side], sign_in: SignIn, role: Role
) -> None:
    own, foreign = sides
    client = sign_in(site, own.people[role])
    for rule, method, declared in rules(site):
        named = rule.arguments & {name for name in foreign.ids if name.endswith("_id")}
        if declared == PUBLIC or not named or rule.endpoint in OPEN_TO_ANY_APPLICANT:
            continue
        if role is Role.PLATFORM_ADMIN and rule.endpoint == "people.withdraw":
            continue  # the platform's administrators manage everybody's roles
        answer = client.open(address(site, rule, foreign), method=method)
        allowed = declared == SIGNED_IN or role in PERMISSIONS[declared]
        expected = {404} if allowed else {403, 404}
        assert answer.status_code in expected, f"{role} {method} {rule}: {answer.status_code}"


def test_foreign_and_missing_things_have_the_same_body(
    site: Flask, sides: tuple[Side, Side], sign_in: SignIn
) -> None:
    own, foreign = sides
    client = sign_in(site, own.people[Role.PROGRAM_OFFICER])
    for rule, method, declared in rules(site):
        single = rule.arguments & {"proposal_id", "scenario_id", "line_id", "commitment_id"}
        if method != "GET" or declared == PUBLIC or not single or rule.arguments != single:
            continue
        (name,) = single
        there = client.get(address(site, rule, foreign))
        nowhere = client.get(address(site, rule, Side({name: 987_654_321}, {})))
        assert there.status_code == nowhere.status_code, rule
        assert there.status_code in (403, 404), rule
        assert without_token(there.text) == without_token(nowhere.text), rule
