"""Pictures of charts: what they hold, that they are the same each time, and their colours."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from PIL import Image

from funding.exports.pictures import NoPicture, picture
from funding.exports.pictures.palette import colour, hexadecimal, light_tokens
from funding.paths import STATIC
from funding.reports import figures
from funding.reports.together import Band, Flow, Pair, flow_drawing, pairs_drawing

STAGED = figures.lying(
    ["Harbour & Light", "مؤسسة النور", "日本の財団"],
    [
        figures.Series("Awarded", "var(--chart-2)", [1_000_000_00, 500_000_00, 1]),
        figures.Series("Paid", "var(--chart-1-soft)", [400_000_00, 0, 200_000_00]),
    ],
    "EUR",
    ["/a", "/b", "/c"],
)
FLOW = flow_drawing(
    Flow(
        [
            Band(funder, area, str(proposal), f"Proposal {proposal}", 50_00 + proposal)
            for funder in (1, 2)
            for area in ("a", "b")
            for proposal in range(5)
        ],
        0,
    ),
    {"a": "Evaluations", "b": "Interpretability"},
    {1: "One fund", 2: "Two fund"},
    {},
    "EUR",
)
CHARTS = {
    "stacked bars": STAGED,
    "lying groups": figures.lying(
        ["Evaluations"],
        [figures.Series("Due", "var(--chart-8)", [90]), figures.Series("Paid", "#0b6477", [40])],
        None,
        grouped=True,
    ),
    "grouped bars": figures.standing(
        ["2026", "2027"],
        [
            figures.Series("Paid", "var(--chart-1)", [5_00, 7_00]),
            figures.Series("Due in tranches", "var(--chart-1-soft)", [0, 3_00]),
        ],
        "EUR",
    ),
    "heat map": pairs_drawing(
        [Pair(1, 2, 3, 100_00), Pair(1, 3, 12, 900_00)],
        {1: "A", 2: "B", 3: "C"},
        ["A and B", "A and C"],
    ),
    "map of amounts": figures.squares(["a", "b"], ["2026", "2027"], [[1, 0], [5, 9]], "EUR"),
    "flow": FLOW,
    "points": {
        "data": [{"type": "scatter", "mode": "markers", "x": [1, 2], "y": ["a", "b"]}],
        "layout": {"xaxis": {"title": {"text": "Merit"}}},
    },
}


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("chart", CHARTS)
def test_the_same_chart_gives_the_same_bytes(chart: str, kind: str) -> None:
    first = picture(CHARTS[chart], title="What it shows", unit="EUR", kind=kind)
    assert first == picture(CHARTS[chart], title="What it shows", unit="EUR", kind=kind)
    other = picture(CHARTS[chart], title="Something else", unit="EUR", kind=kind)
    assert other != first


def test_another_process_on_another_day_draws_the_same_bytes() -> None:
    script = (
        "import sys; from tests.exports.test_pictures import CHARTS; "
        "from funding.exports.pictures import picture; "
        "sys.stdout.buffer.write(picture(CHARTS['flow'], title='Flow', unit='EUR'))"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert made.stdout == picture(CHARTS["flow"], title="Flow", unit="EUR")
    assert b"<dc:date>" not in made.stdout


@pytest.mark.parametrize("chart", CHARTS)
def test_a_picture_is_well_formed_and_holds_its_title_and_no_address(chart: str) -> None:
    svg = picture(CHARTS[chart], title="Paid < promised & due", kind="svg")
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"Paid &lt; promised &amp; due" in svg
    assert b"<script" not in svg
    assert not re.search(rb'href="(?!#)', svg)
    png = Image.open(io.BytesIO(picture(CHARTS[chart], title="T", kind="png")))
    assert png.format == "PNG"
    assert png.width == 1_800


def test_bars_have_the_palettes_colours_and_their_lengths() -> None:
    svg = picture(CHARTS["grouped bars"], title="Years", unit="EUR").decode()
    paid = list(re.findall(r'<path d="([^"]*)"[^>]*fill: #0b6477', svg))
    heights = []
    for path in paid:
        ys = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)]
        heights.append(max(ys) - min(ys))
    small, large = sorted(heights)[-2:]
    assert large / small == pytest.approx(7 / 5, rel=1e-3)


def test_a_heat_map_leaves_empty_what_says_nothing() -> None:
    full = picture(CHARTS["heat map"], title="T").count(b"<path")
    one_less = json.loads(CHARTS["heat map"])
    one_less["data"][0]["z"][1][0] = None
    assert picture(one_less, title="T").count(b"<path") < full


def test_a_chart_that_has_no_drawing_is_refused() -> None:
    for figure in ({"data": []}, {"data": [{"type": "mesh3d"}]}):
        with pytest.raises(NoPicture):
            picture(figure, title="T")
    with pytest.raises(ValueError, match="svg, png"):
        picture(STAGED, title="T", kind="gif")


def test_colours_are_those_of_the_sheet() -> None:
    sheet = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    tokens = light_tokens()
    charts = [f"--chart-{number}" for number in range(1, 9)]
    for name in [*charts, "--seq-0", "--seq-5", "--ink", "--line", "--accent"]:
        assert f"{name}: light-dark({hexadecimal(name)}," in sheet
    for name in charts:
        assert tokens[f"{name}-soft"][:3] == tokens[name][:3]
        assert tokens[f"{name}-soft"][3] == 0.4
    assert colour("var(--chart-1)") == tokens["--chart-1"]


def test_the_site_starts_without_loading_what_draws() -> None:
    script = "import sys, funding; print('matplotlib' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert made.stdout.strip() == "False"
