"""PDFs of pages made of HTML, with WeasyPrint; pictures are handed in, nothing is fetched.

WeasyPrint needs the Pango library of the system. Where that is missing NoPdf says so, and the
page itself can still be printed from a browser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from funding.exports.pictures.palette import hexadecimal

TYPE = "application/pdf"
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""Of attached files: the same each time."""
PICTURE = "picture:"
"""Before the name of a picture in `<img src="picture:by-funder.svg">`."""


class NoPdf(Exception):
    """This machine cannot make PDFs; the message says what it lacks."""


def pdf_of(
    html: str,
    style: str,
    pictures: Mapping[str, bytes] | None = None,
    attached: Mapping[str, bytes] | None = None,
) -> bytes:
    """A whole HTML document as PDF: the same bytes for the same document, style and pictures.

    `pictures` by the name that the document has after `picture:`; `attached` are files that the
    PDF carries, by name. Raises NoPdf where the
    libraries for it are not installed, ValueError where the document refers to anything else.
    """
    try:
        # imported here: it looks for Pango as it is loaded, and the site works without
        import weasyprint
    except (OSError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise NoPdf(
            f"This machine has no Pango, which PDFs are made with ({reason}); "
            "docs/deploy.md says how to install it."
        ) from error
    known = pictures or {}

    class OnlyPictures(weasyprint.URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> object:
            name = url.removeprefix(PICTURE)
            if not url.startswith(PICTURE) or name not in known:
                raise ValueError(f"a document holds all it shows, and not {url}")
            kind = "image/png" if name.endswith(".png") else "image/svg+xml"
            return weasyprint.urls.URLFetcherResponse(url, known[name], {"Content-Type": kind})

    try:
        made: bytes = weasyprint.HTML(
            string=html, url_fetcher=OnlyPictures(fail_on_errors=True)
        ).write_pdf(
            stylesheets=[weasyprint.CSS(string=style)],
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
            pdf_variant="pdf/ua-1",
            attachments=[
                weasyprint.Attachment(
                    string=content,
                    name=name,
                    created=NO_DATE,
                    modified=NO_DATE,
                    relationship="Data",
                )
                for name, content in (attached or {}).items()
            ],
        )
    except weasyprint.urls.FatalURLFetchingError as error:
        raise ValueError(str(error.__cause__ or error)) from error
    return made


def page_style() -> str:
    """The look of a page on paper: A4, the site's light colours, tables that do not break."""
    tokens = {
        name: hexadecimal(f"--{name}")
        for name in ("ink", "ink-muted", "line", "line-strong", "accent", "surface-sunken")
    }
    style = PAGE
    for name, colour in tokens.items():
        style = style.replace(f"var(--{name})", colour)
    return style


PAGE = """
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-left { content: string(document);
  font: 8pt sans-serif; color: var(--ink-muted); } @bottom-right {
  content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: var(--ink-muted); } }
@page wide { size: A4 landscape; }
body { font: 9.5pt/1.45 "DejaVu Sans", "Noto Sans", "Noto Sans Arabic", sans-serif;
  color: var(--ink); }
h1 { string-set: document content(); font-size: 17pt; line-height: 1.2; margin: 0 0 2mm; }
h2 { font-size: 12pt; line-height: 1.25; margin: 7mm 0 2mm; break-after: avoid; }
h3 { font-size: 10pt; margin: 5mm 0 1.5mm; break-after: avoid; }
p { margin: 0 0 2.5mm; orphans: 3; widows: 3; }
a { color: var(--accent); text-decoration: none; }
ul, ol { margin: 0 0 3mm; padding-inline-start: 5mm; }
.lede { font-size: 10.5pt; }
.muted, .source { color: var(--ink-muted); font-size: 8pt; }
.wide { page: wide; }
.new-page { break-before: page; }
.picture { break-inside: avoid; margin: 5mm -4mm; }
.picture img { width: 100%; }
table { width: 100%; border-collapse: collapse; font-size: 8pt; margin: 1mm 0 4mm;
  font-variant-numeric: tabular-nums; }
thead { display: table-header-group; }
tfoot { display: table-row-group; }
tr { break-inside: avoid; }
caption { text-align: start; font-weight: bold; padding-block-end: 1mm; }
th, td { text-align: start; vertical-align: top; padding: 1mm 1.5mm;
  border-block-end: 0.5pt solid var(--line); }
thead th { color: var(--ink-muted); border-block-end: 0.8pt solid var(--line-strong); }
.num { text-align: end; white-space: nowrap; }
tfoot th, tfoot td { font-weight: bold; border-block-start: 0.8pt solid var(--line-strong); }
.many { font-size: 6.5pt; }
.many th, .many td { padding: 0.8mm 0.8mm; }
.stats { display: flex; flex-wrap: wrap; gap: 2mm; margin: 3mm 0 4mm; }
.stats > div { flex: 1 0 38mm; padding: 2mm 3mm; background: var(--surface-sunken); }
.stats dt { color: var(--ink-muted); font-size: 8pt; }
.stats dd { margin: 0; font-size: 11pt; font-weight: bold; }
.stats dd.muted { font-size: 7.5pt; font-weight: normal; }
"""
