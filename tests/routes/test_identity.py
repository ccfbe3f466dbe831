"""Signing in and out, through the forms."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from flask import Flask

from funding.db import Database, now
from funding.errors import NotFound
from funding.models import LoginSession, Mail, OneTimeLink, Role
from funding.services import identity
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


def links_mailed(app: Flask) -> list[str]:
    """The one-time links of all mails in the outbox, as paths, oldest first."""
    with app.extensions["database"].reading() as session:
        bodies = session.scalars(sa.select(Mail.body).order_by(Mail.id)).all()
    return [path for body in bodies for path in re.findall(r"/link/[\w-]+", body)]


def test_an_invitation_leads_to_a_password_once(site: Flask, sign_in: SignIn) -> None:
    def add(session) -> tuple[str, int]:
        funder = make_organisation(session)
        return make_person(session, funder, Role.FUNDER_ADMIN).email, funder.id

    email, funder_id = site.extensions["database"].in_transaction(add)
    invited = {"name": "New Hand", "email": " New@Test.Example ", "role": "program_officer"}
    answer = sign_in(site, email).post("/people", data={**invited, "organisation": funder_id})
    assert answer.status_code == 302
    (link,) = links_mailed(site)

    client = site.test_client()
    assert "New Hand" in client.get(link).text
    short = client.post(link, data={"password": "short"})
    assert short.status_code == 422
    assert "12 to 200 characters" in short.text
    assert client.post(link, data={"password": PASSWORD}).status_code == 302
    assert "Sign out" in client.get("/").text
    assert "Program officer" in client.get("/account").text

    for method in ("get", "post"):
        again = getattr(site.test_client(), method)(link, data={"password": PASSWORD + "2"})
        assert again.status_code == 404
    sign_in(site, "new@test.example")


def test_who_invites_gives_no_role_of_another_organisation_and_none_to_themselves(
    site: Flask, sign_in: SignIn
) -> None:
    def add(session) -> tuple[str, int, int]:
        funder = make_organisation(session)
        email = make_person(session, funder, Role.FUNDER_ADMIN).email
        return email, funder.id, make_organisation(session).id

    email, own, foreign = site.extensions["database"].in_transaction(add)
    client = sign_in(site, email)
    invited = {"name": "New Hand", "email": "new@test.example", "role": "program_officer"}
    assert client.post("/people", data={**invited, "organisation": foreign}).status_code == 404
    wrong = client.post("/people", data={**invited, "role": "committee", "organisation": own})
    assert wrong.status_code == 422
    oneself = client.post("/people", data={**invited, "email": email, "organisation": own})
    assert oneself.status_code == 409
    assert links_mailed(site) == []


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(
    site: Flask, sign_in: SignIn
) -> None:
    email = add_officer(site)
    elsewhere = sign_in(site, email)
    client = site.test_client()
    answers = [
        client.post("/forgotten", data={"email": address}, follow_redirects=True)
        for address in (email, email, "who@test.example")
    ]
    assert len({without_token(answer.text) for answer in answers}) == 1  # says not who is known
    first, second = links_mailed(site)

    chosen = "four other plain words"
    assert client.post(second, data={"password": chosen}).status_code == 302
    for used_up in (first, second):
        assert site.test_client().get(used_up).status_code == 404
    assert "Sign out" not in elsewhere.get("/").text  # a stolen session ends with the reset
    for password, status in ((PASSWORD, 403), (chosen, 302)):
        answer = site.test_client().post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == status


def test_a_link_ends_with_its_time(site: Flask) -> None:
    email = add_officer(site)
    site.test_client().post("/forgotten", data={"email": email})
    (link,) = links_mailed(site)
    site.extensions["database"].in_transaction(
        lambda session: session.execute(sa.update(OneTimeLink).values(expires_at=now()))
    )
    late = site.test_client().get(link)
    assert late.status_code == 404
    assert without_token(late.text) == without_token(site.test_client().get("/link/made-up").text)


def test_what_the_database_keeps_of_a_session_or_link_opens_nothing(
    site: Flask, sign_in: SignIn
) -> None:
    email = add_officer(site)
    sign_in(site, email)
    site.test_client().post("/forgotten", data={"email": email})
    (link,) = links_mailed(site)
    with site.extensions["database"].reading() as session:
        kept = [
            *session.scalars(sa.select(LoginSession.token_hash)),
            *session.scalars(sa.select(OneTimeLink.token_hash)),
        ]
    assert len(kept) == 2
    assert all(token not in link for token in kept)
    assert all(site.test_client().get(f"/link/{token}").status_code == 404 for token in kept)


def test_two_who_follow_one_link_at_the_same_moment_do_not_both_set_a_password(
    each_database: Database,
) -> None:
    def add(session) -> str:
        person = make_person(session, make_organisation(session))
        link = identity.one_time_link(session, person, "reset", identity.RESET_LASTS, "")
        return link.rpartition("/")[2]

    token = each_database.in_transaction(add)
    together = threading.Barrier(2)

    def follow(number: int) -> str:
        together.wait(30)
        try:
            return each_database.in_transaction(
                identity.set_password, token=token, password=f"plain words {number}", browser=""
            )
        except NotFound:
            return ""

    with ThreadPoolExecutor(2) as threads:
        sessions = list(threads.map(follow, range(2)))
    assert sorted(map(bool, sessions)) == [False, True]
