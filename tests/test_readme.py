"""What the documentation says is so: settings, commands, links, people, pictures."""

from __future__ import annotations

import csv
import json
import re
import struct
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from funding.cli import main
from funding.config import SETTINGS
from funding.services import demo

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MOST_OF_A_PICTURE = 250_000  # bytes


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def each_page(*pages: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages or PAGES, ids=name_of)


def code_in(text: str) -> list[str]:
    """Every line of a code block and every piece of code within a sentence."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(
        r"`([^`\n]+)`", rest
    )


def anchors_of(path: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(read(path))
    }


def test_the_table_of_settings_is_the_list_of_settings() -> None:
    section = read(README).partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `TRIBUTARY_")]
    assert rows == [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else 'unset'}"
        f" | {setting.meaning} |"
        for setting in SETTINGS
    ]


@each_page()
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {setting.name for setting in SETTINGS}
    assert set(re.findall(r"TRIBUTARY_[A-Z_]+", read(page))) <= known


@each_page()
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(read(page)):
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and anchor not in anchors_of(there)):
            lost.append(target)
    assert not lost


def test_every_page_is_in_the_index() -> None:
    docs = ROOT / "docs"
    linked = {
        (docs / target.partition("#")[0]).resolve()
        for target in LINK.findall(read(docs / "README.md"))
    }
    assert {page for page in docs.rglob("*.md") if page.name != "README.md"} <= linked


def command_at(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words after `tributary` name, and the words left over."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
    return command, words


@each_page()
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    for piece in code_in(read(page)):
        match = re.match(r"(?:\S*/bin/)?tributary (.+)", piece.partition("#")[0].strip())
        if not match:
            continue
        command, rest = command_at(match.group(1).split())
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in rest if re.match(r"--[a-z]", word)} <= options, piece


@each_page()
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    named = {
        match.group(1)
        for piece in code_in(read(page))
        if (match := re.match(r"make ([a-z-]+)", piece))
    }
    assert named <= targets


def test_the_readme_names_every_make_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", read(ROOT / "Makefile"), re.MULTILINE)
    assert phony is not None
    assert {f"make {target}" for target in phony.group(1).split()} <= set(code_in(read(README)))


def test_every_command_of_the_optimizer_that_is_named_exists() -> None:
    helps = subprocess.run(
        [sys.executable, "-m", "optimizer", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    named = {
        match.group(1)
        for page in PAGES
        for piece in code_in(read(page))
        if (match := re.search(r"python -m optimizer ([a-z]+)", piece))
    }
    sweeps = {"alternatives", "sureness", "frontier"}
    assert named == {"solve", "check", "explain", "pooling", "compare", *sweeps}
    assert all(re.search(rf"^\s+{name}\b", helps, re.MULTILINE) for name in named)


def test_the_smallest_round_of_the_format_can_be_solved_as_the_readme_says(tmp_path: Path) -> None:
    example = re.search(r"```json\n(.*?)```", read(ROOT / "docs" / "format.md"), re.DOTALL)
    assert example is not None
    (tmp_path / "round.json").write_text(example.group(1), encoding="utf-8")
    lines = [
        line.partition(" ")[2]
        for line in code_in(read(README))
        if "python -m optimizer " in line and line.endswith(".json")
    ]
    assert len(lines) == 5
    for line in lines:
        ran = subprocess.run(
            [sys.executable, *line.split()],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert plan["totals"] == {"P1": 40_000_000}


def test_a_server_can_be_set_up_backed_up_and_watched_as_described(tmp_path: Path) -> None:
    text = read(ROOT / "docs" / "deploy.md")
    said = [piece for piece in code_in(text) if piece.startswith("tributary ")]
    backup = str(tmp_path / "tributary.zip")
    settings = {"TRIBUTARY_DATA": str(tmp_path / "data"), "TRIBUTARY_DATABASE_URL": ""}
    wanted = (
        ["init"],
        ["user", "add", "you@example.org", "Your Name"],
        ["backup", backup],
        ["restore", backup, "--yes"],
        ["verify-log"],
        ["settings"],
    )
    for words in wanted:
        name = " ".join(words[:2] if words[0] == "user" else words[:1])
        assert any(piece.startswith(f"tributary {name}") for piece in said), name
        ran = CliRunner().invoke(main, words, env=settings)
        assert ran.exit_code == 0, ran.output


def test_the_people_of_the_tour_have_the_roles_it_gives_them() -> None:
    with (ROOT / "seeds" / "people.csv").open(encoding="utf-8", newline="") as file:
        roles = {row["email"]: row["role"] for row in csv.DictReader(file)}
    tour = read(ROOT / "docs" / "tour.md")
    named = set(re.findall(r"`([\w.-]+@[\w.-]+\.example)`", read(README) + tour))
    assert named <= set(roles)
    assert set(demo.EXAMPLES.values()) <= named
    headed = dict(re.findall(r"^## (.+?): `(\S+@\S+)`$", tour, re.MULTILINE))
    role_of = {
        "Program officer": "program_officer",
        "Her colleague": "program_officer",
        "Funder administrator": "funder_admin",
        "Finance officer": "finance_officer",
        "Researcher": "researcher",
        "Reviewer": "reviewer",
        "Steering committee": "committee",
        "Auditor": "auditor",
        "Administrator of the platform": "platform_admin",
    }
    assert {heading: roles[email] for heading, email in headed.items()} == role_of


@each_page(*sorted((ROOT / "docs" / "images").glob("*")))
def test_pictures_are_small_and_as_wide_as_a_screen(page: Path) -> None:
    content = page.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I", content[16:20]) == (1280,)
    assert len(content) < MOST_OF_A_PICTURE
    assert f"](docs/images/{page.name})" in read(README)


@each_page()
def test_pages_name_no_paths_of_one_machine(page: Path) -> None:
    assert not re.findall(r"(?:/home/|/Users/|/root/|/tmp/|/work/|C:\\)\S*", read(page))
