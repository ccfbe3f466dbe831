"""The gallery in a real browser: accessible, within the policy, charts laid out and alive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.browser.conftest import DESKTOP, PHONE
from tests.design.gallery import create_app

pytestmark = pytest.mark.browser

SIZES = {"desktop": DESKTOP, "phone": PHONE}
CHARTS = ("by-area", "gaps", "flow")

OpenGallery = Callable[..., Page]


@pytest.fixture(scope="module")
def gallery_address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=60)
    server.server_close()


@pytest.fixture
def open_gallery(browser: Browser, gallery_address: str) -> Iterator[OpenGallery]:
    """open_gallery(size, scheme): the page, its charts drawn; a complaint of the console fails."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def enter(size: str = "desktop", scheme: str = "light", path: str = "/", **options) -> Page:
        context = browser.new_context(
            viewport=SIZES[size], color_scheme=scheme, base_url=gallery_address, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        if options.get("java_script_enabled", True):
            for name in CHARTS:
                page.wait_for_selector(f"#{name}-chart[data-drawn]")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert said == []


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    open_gallery: OpenGallery, size: str, scheme: str
) -> None:
    page = open_gallery(size, scheme)
    for table in page.locator(".figure-table > summary").all():
        table.click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_a_chart_is_laid_out_although_plotly_may_inject_no_style(
    open_gallery: OpenGallery, size: str
) -> None:
    page = open_gallery(size)
    chart = box(page, "#by-area-chart")
    layers = [layer.bounding_box() for layer in page.locator("#by-area-chart .main-svg").all()]
    assert len(layers) >= 2
    assert all(layer == layers[0] for layer in layers), "layers lie on each other, not in a stack"
    legend, plot = box(page, "#by-area-chart .legend"), box(page, "#by-area-chart .barlayer")
    title = box(page, "#by-area-chart .xtitle")
    assert legend["y"] >= chart["y"]
    assert legend["y"] + legend["height"] <= plot["y"] + 1
    assert title["y"] >= plot["y"] + plot["height"]
    assert title["y"] + title["height"] <= chart["y"] + chart["height"]


def test_a_picture_carries_its_finding_above_the_legend(
    open_gallery: OpenGallery, tmp_path: Path, browser: Browser
) -> None:
    page = open_gallery(scheme="dark", accept_downloads=True)
    with page.expect_download() as download:
        page.locator("[data-picture-of=by-area-chart]").click()
    picture = tmp_path / "chart.svg"
    download.value.save_as(picture)
    shown = browser.new_page()
    shown.goto(picture.as_uri())
    title, legend = box(shown, ".gtitle"), box(shown, ".legend")
    assert "Evaluations takes a third of the pool" in shown.locator(".gtitle").inner_html()
    assert title["y"] > 0
    assert title["y"] + title["height"] <= legend["y"]
    ground = shown.locator("rect").first.evaluate("rect => getComputedStyle(rect).fill")
    assert ground == "rgb(255, 255, 255)", "light, whatever the screen's colours"
    shown.close()


def test_charts_follow_the_colours_of_the_device_and_of_the_reader(
    open_gallery: OpenGallery,
) -> None:
    page = open_gallery()
    bar = page.locator("#by-area-chart .point path").first
    expect(bar).to_have_css("fill", "rgb(11, 100, 119)")
    page.emulate_media(color_scheme="dark")
    expect(bar).to_have_css("fill", "rgb(99, 197, 216)")
    page.get_by_role("button", name="Light").click()
    expect(bar).to_have_css("fill", "rgb(11, 100, 119)")
    page.reload()
    page.wait_for_selector("#by-area-chart[data-drawn]")
    expect(bar).to_have_css("fill", "rgb(11, 100, 119)")
    page.get_by_role("button", name="As my device").click()
    expect(bar).to_have_css("fill", "rgb(99, 197, 216)")


def test_a_chart_follows_the_width_of_its_box(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_function(
        """() => {
            const chart = document.querySelector("#gaps-chart");
            return chart.querySelector(".main-svg").clientWidth === chart.clientWidth;
        }"""
    )


def test_a_mark_with_an_address_is_a_link(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    page.route(
        "**/areas/**",
        lambda route: route.fulfill(body="<title>Area</title>", content_type="text/html"),
    )
    page.locator("#by-area-chart").scroll_into_view_if_needed()
    bar = box(page, "#by-area-chart .point path")
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    page.wait_for_url("**/areas/0")


def test_what_cannot_be_taken_back_asks_first(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    sent: list[str] = []
    page.route(
        "**/withdraw",
        lambda route: (sent.append(route.request.post_data or ""), route.fulfill(body="done"))[1],
    )
    page.get_by_role("button", name="Withdraw").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be handed in again")
    dialog.get_by_role("button", name="Go back").click()
    expect(dialog).to_be_hidden()
    assert sent == []
    page.get_by_role("button", name="Withdraw").click()
    dialog.get_by_role("button", name="Withdraw").click()
    page.wait_for_url("**/withdraw")
    assert len(sent) == 1
    assert "csrf_token=a-token" in sent[0]


def test_picked_rows_are_counted_and_only_then_can_be_acted_on(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_disabled()
    page.get_by_label("Pick all rows on this page").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("4 lines picked")
    page.get_by_label("Pick Honest graders").uncheck()
    expect(page.locator("[data-bulk-count]")).to_have_text("3 lines picked")
    expect(approve).to_be_enabled()


def test_a_filter_swaps_the_results_and_keeps_the_field(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    search = page.get_by_role("searchbox", name="Search")
    search.focus()
    with page.expect_response(lambda answer: "q=deep" in answer.url):
        search.press_sequentially("deep")
    page.wait_for_url("**/?*q=deep*")
    expect(search).to_be_focused()
    expect(page.locator("#results a.sort").first).to_have_attribute("href", "/?q=deep&sort=title")


def test_a_click_after_a_search_is_not_lost(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    search = page.get_by_role("searchbox", name="Search")
    with page.expect_response(lambda answer: "q=deep" in answer.url):
        search.fill("deep")
    page.wait_for_url("**/?*q=deep*")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
    link = box(page, "#results a.sort")
    page.mouse.move(link["x"] + link["width"] / 2, link["y"] + link["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(700)  # longer than the wait of a search for more letters
    assert asked == []
    page.mouse.up()
    page.wait_for_url("**/?q=deep&sort=title")


def test_a_why_opens_inside_the_window_and_closes_on_escape(open_gallery: OpenGallery) -> None:
    page = open_gallery("phone")
    why = page.locator("details.why").first
    why.locator("summary").click()
    panel = box(page, "details.why[open] .why-panel")
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= PHONE["width"]
    page.keyboard.press("Escape")
    expect(why.locator(".why-panel")).to_be_hidden()
    expect(why.locator("summary")).to_be_focused()


def test_typed_text_is_not_lost_by_a_stray_link(open_gallery: OpenGallery) -> None:
    page = open_gallery()
    page.get_by_label("Abstract").fill("Something long in the making")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Registry").click()
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"]


def test_without_scripts_everything_can_be_reached(open_gallery: OpenGallery) -> None:
    page = open_gallery(java_script_enabled=False)
    expect(page.locator("#by-area-chart")).to_contain_text("The chart needs JavaScript")
    expect(page.locator("#by-area .figure-table")).to_be_visible()
    expect(page.get_by_role("button", name="Apply")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    expect(page.locator("[data-theme-choice]")).to_be_hidden()


def test_an_error_page_passes_axe_too(open_gallery: OpenGallery, gallery_address: str) -> None:
    page = open_gallery()
    page.goto("/errors/404")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
