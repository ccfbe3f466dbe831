"""A letter's text as paragraphs, and the agreement as a document of its own, HTML and PDF.

In a text, a line that begins with `# ` is a heading, lines that begin with `- ` are a list, an
empty line ends a paragraph. Both sides sign the SHA-256 of the HTML; the PDF is made of it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from funding.exports import pdf


@dataclass(frozen=True)
class Block:
    """One part of a text: a heading, a paragraph or a list; `lines` are its own."""

    kind: str
    lines: tuple[str, ...]


def blocks_of(text: str) -> list[Block]:
    """The parts of a text in order."""
    blocks: list[Block] = []
    waiting: list[str] = []
    kind = ""

    def end() -> None:
        if waiting:
            blocks.append(Block(kind, tuple(waiting)))
            waiting.clear()

    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            end()
            continue
        if line.startswith("# "):
            end()
            blocks.append(Block("heading", (line[2:],)))
            continue
        found = "list" if line.startswith("- ") else "paragraph"
        if found != kind:
            end()
        kind = found
        waiting.append(line[2:] if found == "list" else line)
    end()
    return blocks


def html_of(title: str, text: str, language: str) -> str:
    """The whole document; what was typed is escaped, and nothing outside it is referred to."""
    parts = []
    for block in blocks_of(text):
        lines = [escape(line) for line in block.lines]
        if block.kind == "heading":
            parts.append(f"<h2>{lines[0]}</h2>")
        elif block.kind == "list":
            parts.append("<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>")
        else:
            parts.append("<p>" + "<br>".join(lines) + "</p>")
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{language}"{_direction(language)}>\n'
        f'<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _direction(language: str) -> str:
    """Said only where it is not from left to right: documents already sent keep their digest."""
    return ' dir="rtl"' if language == "ar" else ""


def digest(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()


SIGNATURES = {
    "en": ("Signatures", "For the funder", "For the applicants", "accepted on {at}", "Document"),
    "fr": (
        "Signatures",
        "Pour le bailleur de fonds",
        "Pour les candidats",
        "accepté le {at}",
        "Document",
    ),
    "es": (
        "Firmas",
        "Por la entidad financiadora",
        "Por los solicitantes",
        "aceptado el {at}",
        "Documento",
    ),
    "ar": ("التوقيعات", "عن الجهة المانحة", "عن مقدّمي المقترح", "قُبلت في {at}", "المستند"),
}
"""The sheet after a signed agreement: its heading, each side, when, and the digest's name."""


def with_signatures(html: str, signatures: Sequence[tuple[str, str, str]], language: str) -> str:
    """The agreement with a sheet of signatures: (side, name, moment in words) each."""
    heading, funder, applicant, accepted, document = SIGNATURES[language]
    sides = {"funder": funder, "applicant": applicant}
    rows = "".join(
        f"<p><strong>{sides[side]}</strong><br>{escape(name)}<br>"
        f"{escape(accepted.format(at=at))}</p>"
        for side, name, at in signatures
    )
    sheet = (
        f'<section class="signatures"><h2>{heading}</h2>{rows}'
        f'<p class="digest">{document} SHA-256: {digest(html)}</p></section>'
    )
    return html.replace("</body>", f"{sheet}\n</body>")


STYLE = """
@page { size: A4; margin: 25mm 22mm; @bottom-center { content: counter(page) " / " counter(pages);
  font-size: 9pt; } }
body { font-family: serif; font-size: 11pt; line-height: 1.45; }
h1 { font-size: 17pt; line-height: 1.25; }
h2 { font-size: 12pt; margin-top: 1.4em; break-after: avoid; }
.signatures { break-inside: avoid; margin-top: 2.5em; border-top: 1px solid; }
.digest { font-size: 8pt; overflow-wrap: anywhere; }
"""


def pdf_of(html: str) -> bytes:
    """The document as PDF. Raises NoPdf where the libraries for it are not installed."""
    return pdf.pdf_of(html, STYLE)


def folder_of(data: Path) -> Path:
    return data / "documents"


def store(data: Path, content: bytes) -> str:
    """Keep a document under its SHA-256, which is the answer; the same again changes nothing."""
    name = hashlib.sha256(content).hexdigest()
    folder = folder_of(data)
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = folder / f".{name}.{secrets.token_hex(4)}"
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    return name
