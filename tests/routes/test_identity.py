"""Signing in and out, through the forms."""

from __future__ import annotations

from flask import Flask

from funding.models import Role
from tests.builders import PASSWORD, make_organisation, make_person
from tests.conftest import SignIn
from tests.pages import without_token


def add_officer(app: Flask) -> str:
    def add(session) -> str:
        return make_person(session, make_organisation(session), Role.PROGRAM_OFFICER).email

    return app.extensions["database"].in_transaction(add)


def test_a_copied_cookie_is_worth_nothing_after_signing_out(site: Flask, sign_in: SignIn) -> None:
    email = add_officer(site)
    client = sign_in(site, email)
    copied = client.get_cookie("tributary").value
    assert "Sign out" in client.get("/").text
    client.post("/sign-out")
    thief = site.test_client()
    thief.set_cookie("tributary", copied)
    assert "Sign out" not in thief.get("/").text


def test_a_wrong_password_and_an_unknown_address_read_the_same(site: Flask) -> None:
    email = add_officer(site)
    client = site.test_client()
    wrong = client.post("/sign-in", data={"email": email, "password": "not the password"})
    unknown = client.post("/sign-in", data={"email": "who@test.example", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 403
    pages = (wrong.text.replace(email, ""), unknown.text.replace("who@test.example", ""))
    assert without_token(pages[0]) == without_token(pages[1])


def test_sign_in_never_leads_to_another_site(site: Flask) -> None:
    email = add_officer(site)
    for address in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"):
        answer = site.test_client().post(
            "/sign-in", data={"email": email, "password": PASSWORD, "next": address}
        )
        assert answer.headers["Location"] == "/"


def test_guessing_a_password_is_stopped(site: Flask) -> None:
    email = add_officer(site)
    client = site.test_client()
    answers = [
        client.post("/sign-in", data={"email": email, "password": f"guess {number}"}).status_code
        for number in range(12)
    ]
    assert answers[:10] == [403] * 10
    assert answers[10:] == [429, 429]
    right = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert right.status_code == 429
