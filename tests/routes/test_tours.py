"""Guided tours on their pages: every step leads somewhere, and the bar goes along."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from funding.services.demo import EXAMPLES
from funding.services.tours.catalogue import TOURS, At
from tests.conftest import SignIn
from tests.pages import words_of

WHO = {
    "officer": EXAMPLES["program officer"],
    "researcher": "naveen.tirumalai@larkspur-lab.example",
    "committee": EXAMPLES["committee"],
    "finance": EXAMPLES["finance officer"],
    "reviewer": EXAMPLES["reviewer"],
    "auditor": EXAMPLES["auditor"],
}


@pytest.mark.parametrize("key", TOURS)
def test_every_step_of_a_tour_is_a_page_that_its_role_may_open(
    demo_site: Flask, sign_in: SignIn, key: str
) -> None:
    client, tour = sign_in(demo_site, WHO[key]), TOURS[key]
    assert "Start the tour" in client.get("/").text
    for place, step in enumerate(tour.steps):
        page = client.post(f"/tour/{key}/{place}", follow_redirects=True)
        assert page.status_code == 200, step
        bar = BeautifulSoup(page.text, "html.parser").select_one("main aside.tour")
        assert step.title in bar.text
        assert f"step {place + 1} of {len(tour.steps)}" in bar.text
        if step.at is At.PUBLIC_PILOT:  # the same for everybody, so without the bar
            there = BeautifulSoup(page.text, "html.parser").select_one("main a.button")
            assert client.get(there["href"]).status_code == 200
        elif step.at is not At.RESULT:  # no run is solved on this site
            assert page.request.args["tour"] == f"{key}.{place}"
    end = client.post(f"/tour/{key}/{len(tour.steps)}", follow_redirects=True)
    assert "That was the tour." in words_of(end.text)
    assert "Start the tour" not in client.get("/").text
    assert "Go through it again" in client.get("/tour/").text


def test_a_tour_is_put_aside_and_found_again(demo_site: Flask, sign_in: SignIn) -> None:
    client = sign_in(demo_site, WHO["officer"])
    client.post("/tour/officer/2")
    assert "Go on with step 3" in client.get("/").text
    assert "put aside" in words_of(client.post("/tour/officer/aside", follow_redirects=True).text)
    first = client.get("/").text
    assert "Go on with step" not in first
    assert 'href="/tour/"' in first
    assert "put aside" in words_of(client.get("/tour/").text)
    client.post("/tour/officer/2")
    assert "Go on with step 3" in client.get("/").text


def test_an_address_made_up_shows_no_bar(demo_site: Flask, sign_in: SignIn) -> None:
    client = sign_in(demo_site, WHO["officer"])
    for made_up in ("officer", "officer.99", "officer.-1", "auditor.1", "x.1", "officer.1e3", "."):
        page = client.get("/awards", query_string={"tour": made_up})
        assert page.status_code == 200
        assert 'class="tour"' not in page.text, made_up
    assert client.get("/tour/auditor/1").status_code == 404
    assert 'class="tour"' not in demo_site.test_client().get("/rounds/1?tour=officer.0").text


def test_from_the_tour_to_ones_own_spreadsheet(demo_site: Flask, sign_in: SignIn) -> None:
    page = sign_in(demo_site, WHO["finance"]).get("/tour/").text
    assert 'href="/replay"' in page
    assert 'href="/replay"' in sign_in(demo_site, WHO["finance"]).get("/").text
    assert 'href="/replay"' not in sign_in(demo_site, WHO["researcher"]).get("/tour/").text
