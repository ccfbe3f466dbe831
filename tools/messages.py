"""Collect the sentences of the site, bring the catalogues of translations up to date, compile them.

    python -m tools.messages            collect, update the catalogues (.po), compile them (.mo)
    python -m tools.messages --missing  how many sentences each language lacks, and the first ones

Six kinds of places hold sentences: `_("...")` and `{% trans %}` in templates; `gettext`,
`ngettext` and `lazy` in Python; counted nouns (`3 | plural("line")`, `pager(listing, "line")`);
`sentence("...")`, `marked("...")` and `counted("...", "...", n)`, which are stored with what
they were made of; what is not there or what the log is about (`NotFound("payee")`,
`fetch(..., "payee")`, names of tables); and plain sentences in Python, which are looked up where
they are shown (the filter `said`). The last are told from keys, SQL and file formats by how they
look; one too many does no harm.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from funding.language import DOMAIN, ENGLISH, LANGUAGES
from funding.paths import TEMPLATES, TRANSLATIONS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "funding"
OPTIMIZER = ROOT / "optimizer"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy": None,
}
KEPT = {"sentence": None, "marked": None, "counted": (1, 2)}
JINJA = {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "trimmed": "true", "silent": "false"}

# what no page shows: the command line, files for other programs, the demo's own contents, mail and
# letters, which have texts of their own in each language
NOT_SHOWN = re.compile(
    r"funding/((cli|migrations|exports|models/triggers|translations|imports/bank)/"
    r"|overlap/(?!signals|name_chance|names\.py)|services/letters/(?!placeholders))"
    r"|imports/(areas|headings)\.py|/demo\w*\.py|_csv\.py|replay_text\.py|funding/(config|db|schema|worker|language)\.py"
)
NOT_SAID = {
    "CheckConstraint", "Index", "ForeignKeyConstraint", "text", "execute", "exec_driver_sql",
    "Path", "ValueError", "TypeError", "KeyError", "AssertionError", "RuntimeError", "TypeVar",
    "getattr", "post_mail", "relationship", "mapped_column", "set_cookie", "compile", "warning",
    "exception", "info", "_", "gettext", "ngettext", "lazy", "sentence", "marked",
    "counted", "limit", "literal_column", "add_bar",
}  # fmt: skip
"""Calls whose words nobody reads on a page, or that are collected as marked."""
_COUNTED = re.compile(
    r"""(?:\bplural\((?:(?:[^()"']|\([^()]*\))*?,)?\s*|pager\(\s*\w+(?:\.\w+)*,|bulk_actions\()\s*
        ["']([^"']+)["'](?:\s*,\s*["']([^"']+)["'])?""",
    re.VERBOSE,
)
_PICKED = re.compile(r"""%\s*call \w+\.bulk_actions\("([^"]+)"\)""")
_SENTENCE = re.compile(r"[A-Za-z]{2,}[,:;]? [A-Za-z“(%]|^[A-Z][a-zé]+[.:]?$|^[A-Z][a-z]+-[a-z]+$")
_FORMAL = re.compile(
    r"^\s*(select|insert|update|delete|create|alter|drop|with|pragma|attachment;|from|https?:|/)\b"
    r"|[{}\\<>]|%(?!\(\w+\)s)[(%\w]|\w_\w|==|\bis null\b|\bin \("
)

Message = tuple[str | tuple[str, str], str]


def collected() -> Catalog:
    """Every sentence of the site, each with the files that it is in."""
    catalogue = Catalog(project="Tributary", charset="utf-8", fuzzy=False)
    for message, place in _messages():
        catalogue.add(message, locations=[(place, 0)])
    return catalogue


def _messages() -> Iterator[Message]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        place = f"templates/{path.relative_to(TEMPLATES)}"
        for found in extract_from_file("jinja2", path, keywords=KEYWORDS, options=JINJA):
            yield found[1], place
        for counted in _counted(path):
            yield counted, place
        for picked in _picked(path):
            yield picked, place
    for path in sorted(OPTIMIZER.rglob("*.py")):
        place = str(path.relative_to(ROOT))
        for found in extract_from_file("python", path, keywords=KEPT):
            yield found[1], place
    for path in sorted(PACKAGE.rglob("*.py")):
        place = str(path.relative_to(ROOT))
        for found in extract_from_file("python", path, keywords=KEYWORDS | KEPT):
            yield found[1], place
        for counted in _counted_in_calls(path):
            yield counted, place
        for thing in _things(path):
            yield thing, place
        if not NOT_SHOWN.search(place):
            for sentence in _plain(path):
                yield sentence, place


def _counted(path: Path) -> set[tuple[str, str]]:
    found = _COUNTED.findall(path.read_text(encoding="utf-8"))
    return {_of_number(one, many) for one, many in found}


def _counted_in_calls(path: Path) -> set[tuple[str, str]]:
    """Nouns that Python counts, whatever the number is made by."""
    nouns = [
        [word.value for word in node.args[1:] if isinstance(word, ast.Constant)]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _name(node.func) == "plural"
    ]
    return {_of_number(*map(str, words)) for words in nouns if words}


def _things(path: Path) -> Iterator[str]:
    """What can be missing, and what rows are called in the log."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from (word.value for word in not_there(tree) if isinstance(word, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            values = {
                _target(statement): getattr(statement, "value", None) for statement in node.body
            }
            name = values.get("__tablename__")
            if "id" in values and isinstance(name, ast.Constant):
                yield name.value.replace("_", " ")


def not_there(tree: ast.AST) -> Iterator[ast.expr]:
    """What each `NotFound(what)` and `fetch(session, query, id, what)` says is not there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name, words = _name(node.func), node.args
            if (name == "NotFound" and words) or (name == "fetch" and len(words) == 4):
                yield words[-1]


def _target(statement: ast.stmt) -> str:
    """The name that a statement gives a value to, if it does."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _of_number(one: str, many: str = "") -> tuple[str, str]:
    return f"%(num)s {one}", f"%(num)s {many or one + 's'}"


def _picked(path: Path) -> Iterator[str]:
    """What is picked by rows: the script counts it itself."""
    for one in _PICKED.findall(path.read_text(encoding="utf-8")):
        yield from (one, f"{one}s")


def _plain(path: Path) -> Iterator[str]:
    """Sentences and names of things in a module that carry no mark."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed_over: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed_over.add(node.value)
        elif isinstance(node, ast.Call) and _name(node.func) in NOT_SAID:
            passed_over |= set(ast.walk(node))
        elif isinstance(node, ast.JoinedStr | ast.Subscript | ast.Compare):
            passed_over |= set(ast.walk(node)) - {node}
        elif isinstance(node, ast.ClassDef) and any(_name(b) == "StrEnum" for b in node.bases):
            yield from (value for value in _strings(node.body) if value.isascii())
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node not in passed_over
            and _SENTENCE.search(node.value)
            and not _FORMAL.search(node.value)
        ):
            yield node.value


def _strings(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            yield str(statement.value.value).replace("_", " ")


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def path_of(tag: str) -> Path:
    return TRANSLATIONS / tag / "LC_MESSAGES" / f"{DOMAIN}.po"


def catalogue_of(tag: str) -> Catalog:
    """What is translated into a language; empty where nothing is."""
    path = path_of(tag)
    if not path.exists():
        return Catalog(locale=LANGUAGES[tag].locale, project="Tributary", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGES[tag].locale)


def brought_up_to_date(tag: str, sentences: Catalog) -> Catalog:
    """The language's catalogue with just these sentences: none is lost, none is guessed."""
    catalogue = catalogue_of(tag)
    catalogue.update(sentences, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """The sentences that are not translated, in the order of the catalogue."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and not all(message.string if message.pluralizable else [message.string])
    ]


def compiled(catalogue: Catalog) -> bytes:
    """As gettext reads it; without a date, so that the same sentences make the same bytes."""
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    made = BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def written(catalogue: Catalog) -> bytes:
    """As people edit it: sorted, without dates, so that a change shows what changed."""
    made = BytesIO()
    write_po(made, catalogue, width=100, sort_output=True, omit_header=False, include_lineno=False)
    return re.sub(
        rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator).*\n',
        b"",
        made.getvalue(),
        flags=re.MULTILINE,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--missing", action="store_true", help="only say what is missing")
    only_says = parser.parse_args().missing
    sentences = collected()
    for tag in LANGUAGES:
        if tag == ENGLISH.tag:
            continue
        catalogue = brought_up_to_date(tag, sentences)
        lacking = missing(catalogue)
        print(f"{tag}: {len(catalogue):,} sentences, {len(lacking):,} not translated")
        if only_says:
            print(*(f"   {sentence}" for sentence in lacking[:20]), sep="\n")
            continue
        path = path_of(tag)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue_of(tag)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
