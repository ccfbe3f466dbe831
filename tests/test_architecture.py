"""The walls of the house: imports point one way, files stay small, the log's words stay clean."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = {
    "funding.errors": 0,
    "funding.paths": 0,
    "funding.processes": 0,
    "funding.config": 0,
    "funding.formatting": 0,
    "funding.language": 0,
    "funding.listing": 0,
    "funding.overlap": 0,
    "funding.sayings": 0,
    "funding.forms": 1,
    "funding.db": 1,
    "funding.models": 2,
    "funding.migrations": 2,
    "funding.schema": 2,
    "funding.permissions": 3,
    "funding.imports": 3,
    "funding.places": 4,
    "funding.exports": 4,
    "funding.services": 4,
    "funding.reports": 4,
    "funding.replay": 4,
    "funding.studies": 4,
    "funding.tasks": 5,
    "funding.live_worker": 6,
    "funding.worker": 6,
    "funding.routes": 7,
    "funding": 8,
    "funding.cli": 9,
}
"""A module may import from its own layer and those below."""

DOORS_TO_THE_OPTIMIZER = (
    "funding/services/allocation.py",
    "funding/services/reviewing/suggesting.py",  # reviewers: a programme of its own
    "funding/replay/",
    "funding/studies/",
)
WEB = ("flask", "werkzeug", "jinja2", "flask_login", "flask_wtf", "gunicorn")
LINES = 430
LINES_OF_A_TEST = 600  # tables of cases read line by line
LONGER_FOR_A_REASON = {
    "funding/migrations/versions/0001_first.py": "generated from the models, read by nobody",
}


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Modules imported anywhere in a file, as `package.module`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            # `from funding.services import ledger` imports a module, not a name
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                is_module = (ROOT / Path(*name.split("."))).with_suffix(".py").exists() or (
                    ROOT / Path(*name.split("."))
                ).is_dir()
                found.add(name if is_module else str(node.module))
    return found


def layer_of(module: str) -> int:
    while module not in LAYERS:
        module = module.rpartition(".")[0]
    return LAYERS[module]


@pytest.mark.parametrize("path", python_files("funding"), ids=module_of)
def test_imports_point_downwards(path: Path) -> None:
    module = module_of(path)
    upwards = {
        imported
        for imported in imports_of(path)
        if imported.split(".")[0] == "funding" and layer_of(imported) > layer_of(module)
    }
    assert not upwards, f"{module} imports from above: {sorted(upwards)}"


@pytest.mark.parametrize("path", python_files("funding/overlap"), ids=module_of)
def test_what_compares_works_knows_neither_site_nor_database(path: Path) -> None:
    for name in imports_of(path):
        known = ("funding.overlap", "funding.sayings")  # the latter knows words only
        assert not name.startswith("funding.") or name.startswith(known), name
        assert name.split(".")[0] not in (*WEB, "sqlalchemy", "optimizer"), name


@pytest.mark.parametrize("path", python_files("optimizer"), ids=module_of)
def test_the_optimizer_knows_nothing_of_the_site(path: Path) -> None:
    foreign = {name.split(".")[0] for name in imports_of(path)} & {
        "funding",
        "sqlalchemy",
        "pandas",
        *WEB,
    }
    assert not foreign


@pytest.mark.parametrize("path", python_files("funding"), ids=module_of)
def test_nothing_below_the_routes_knows_the_web(path: Path) -> None:
    module = module_of(path)
    if layer_of(module) >= LAYERS["funding.routes"]:
        return
    assert not {name.split(".")[0] for name in imports_of(path)} & set(WEB)


def test_the_optimizer_has_few_doors() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in python_files("funding")
        if any(
            name.split(".")[0] == "optimizer" and name != "optimizer.sentences"  # only words
            for name in imports_of(path)
        )
    }
    assert {name for name in knowing if not name.startswith(DOORS_TO_THE_OPTIMIZER)} == set()


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


def test_no_file_is_longer_than_one_reader_holds_in_mind() -> None:
    files = tracked("*.py", "*.html", "*.css", "*.js")
    long = {
        name: count
        for path in files
        if "vendor/" not in (name := path.relative_to(ROOT).as_posix())
        and (count := len(path.read_text(encoding="utf-8").splitlines()))
        > (LINES_OF_A_TEST if name.startswith("tests/") else LINES)
        and name not in LONGER_FOR_A_REASON
        and not name.endswith("plotly.css")  # generated
    }
    assert not long


def test_every_module_says_what_it_holds() -> None:
    silent = [
        module_of(path)
        for path in python_files("funding", "optimizer")
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_no_loose_ends_are_left_behind() -> None:
    marks = re.compile(r"\b(TODO|FIXME)\b")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked("*.py", "*.html", "*.css", "*.js", "*.md", "Makefile")
        if path != Path(__file__) and "vendor/" not in path.as_posix()
        for line in path.read_text(encoding="utf-8").splitlines()
        if marks.search(line)
    ]
    assert not found


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(
        r"<script(?![^>]*\ssrc=)[^>]*>|\sstyle=|\son[a-z]+=\"|https?://[^\"'\s]*\.js"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked("templates/*.html")
        for match in inline.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_every_posting_form_carries_a_token() -> None:
    form = re.compile(r"<form[^>]*method=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
    bare = [
        f"{path.relative_to(ROOT)}"
        for path in tracked("templates/*.html")
        for match in form.finditer(path.read_text(encoding="utf-8"))
        if "csrf()" not in match.group()
        and "csrf_token()" not in match.group()
        and "site.language_url" not in match.group()  # funding/routes/language.py says why
    ]
    assert not bare
