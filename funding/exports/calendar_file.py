"""Days that matter to somebody as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

MEDIA_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class Day:
    """One entry of the calendar. `uid` stays the same as long as it is the same thing."""

    uid: str
    on: date
    text: str
    url: str


def calendar_file(days: Iterable[Day], *, name: str, host: str, at: datetime) -> bytes:
    """A calendar of whole days that take up nobody's time; `at` is when it was written."""
    calendar = Calendar()
    calendar.add("prodid", "-//Tributary//Inbox//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for day in days:
        event = Event()
        event.add("uid", f"{day.uid}@{host}")
        event.add("dtstamp", at)
        event.add("dtstart", day.on)
        event.add("dtend", day.on + timedelta(days=1))
        event.add("summary", day.text)
        event.add("url", day.url)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    ical: bytes = calendar.to_ical()
    return ical
