"""One page of a long list: which rows, in which order, under which filters, and links to others.

Pure values: a route parses the query string into a Listing, a report turns it into LIMIT, OFFSET
and ORDER BY, and templates/macros/tables.html draws its heads, filters and pager.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

PAGE_SIZES = (25, 50, 100, 200)
# Far beyond any list here; keeps OFFSET within what both databases take.
LAST_PAGE = 1_000_000


@dataclass(frozen=True)
class Listing:
    """Where a reader is in a list.

    path      address of the page, without its query
    args      filters in force: name -> text, none of them empty
    sort      key of the column, with a leading "-" for largest or last first
    page      from 1
    per_page  rows a page
    total     rows under these filters; set with `counting` once known
    """

    path: str
    args: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    per_page: int = 50
    total: int = 0

    @classmethod
    def parse(
        cls,
        path: str,
        query: Mapping[str, str],
        *,
        sortable: Collection[str],
        filters: Collection[str] = (),
        default_sort: str = "",
        per_page: int = 50,
    ) -> Self:
        """Read a query string. What it does not understand it ignores: a link never breaks."""
        sort = query.get("sort", "")
        if sort.removeprefix("-") not in sortable:
            sort = default_sort
        size = whole_number(query.get("per_page")) or per_page
        return cls(
            path=path,
            args={name: text for name in filters if (text := _words(query.get(name, "")))},
            sort=sort,
            page=min(max(whole_number(query.get("page")) or 1, 1), LAST_PAGE),
            per_page=size if size in PAGE_SIZES else per_page,
        )

    def counting(self, total: int) -> Self:
        """The same listing with its total; a page past the end becomes the last one."""
        pages = max(1, -(-total // self.per_page))
        return replace(self, total=total, page=min(self.page, pages))

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.per_page

    @property
    def first(self) -> int:
        """Number of the first row shown, from 1; 0 in an empty list."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.offset + self.per_page, self.total)

    @property
    def is_filtered(self) -> bool:
        return bool(self.args)

    @property
    def sort_key(self) -> str:
        """The column sorted by, without its direction."""
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def nearby_pages(self) -> list[int | None]:
        """Page numbers to offer: the ends and those around this one, None for each gap."""
        offered = sorted({1, self.pages, *range(self.page - 1, self.page + 2)})
        offered = [number for number in offered if 1 <= number <= self.pages]
        numbers: list[int | None] = []
        for number in offered:
            before = numbers[-1] if numbers else None
            if before is not None and number == before + 2:
                numbers.append(number - 1)  # a gap of one page is shorter said than skipped
            elif before is not None and number > before + 1:
                numbers.append(None)
            numbers.append(number)
        return numbers

    def order_of(self, key: str) -> str:
        """aria-sort of a column: "ascending", "descending" or "" where it is not the order."""
        if self.sort_key != key:
            return ""
        return "descending" if self.is_descending else "ascending"

    def page_url(self, page: int) -> str:
        return self._url(sort=self.sort, page=page)

    def sort_url(self, key: str, largest_first: bool = False) -> str:
        """The address that sorts by `key`; the other way round if it is sorted by it already."""
        descending = largest_first
        if self.sort_key == key:
            descending = not self.is_descending
        return self._url(sort=f"-{key}" if descending else key, page=1)

    def _url(self, sort: str, page: int) -> str:
        query = dict(self.args)
        if sort:
            query["sort"] = sort
        if page > 1:
            query["page"] = str(page)
        if self.per_page != type(self).per_page:
            query["per_page"] = str(self.per_page)
        return f"{self.path}?{urlencode(query)}" if query else self.path


def _words(text: str) -> str:
    """Without spaces around, and without the one character that PostgreSQL cannot compare with."""
    return text.replace("\0", "").strip()


def whole_number(text: str | None) -> int | None:
    """A number of an address or a form; None for what is none, or longer than any row's."""
    if text and text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    return None
