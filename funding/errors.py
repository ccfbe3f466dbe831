"""What can go wrong, in the product's own terms.

These classes know nothing of HTTP; `create_app` maps each to a status once. `str(error)` is the
sentence a person reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from funding.language import gettext


class TributaryError(Exception):
    """Base of every refusal this product makes on purpose."""


class NotFound(TributaryError):
    """There is no such thing, or it belongs to others: both read the same."""

    def __init__(self, what: str = "") -> None:
        super().__init__(
            gettext("There is no such %(what)s here.", what=what)
            if what
            else gettext("There is no such page here.")
        )


class NotPermitted(TributaryError):
    """The person's role does not include this act."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one field: `field` is its name in the form, `rule` what it must be."""

    field: str
    rule: str

    def __str__(self) -> str:
        return f"{self.field}: {self.rule}"


class RuleBroken(TributaryError):
    """A rule refuses the act; `faults` name the fields where a form can be mended."""

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class InvalidInput(RuleBroken):
    """A form or file does not keep to its rules; every fault is named."""

    def __init__(self, *faults: Fault) -> None:
        summary = "; ".join(str(fault) for fault in faults)
        super().__init__(summary or "The input does not keep to the rules.", tuple(faults))


class Overcommitted(RuleBroken):
    """The account does not hold that much."""


class Conflict(TributaryError):
    """Somebody else changed the same thing meanwhile; nothing of theirs is overwritten."""


class Busy(TributaryError):
    """The database was too busy, several times over; trying again in a moment will do."""


class IdempotencyMissing(TributaryError):
    """A write of money came without its idempotency key."""


class IdempotencyMismatch(TributaryError):
    """The key was used before, with other contents."""


class IdempotencyInFlight(TributaryError):
    """The same form is being worked on at this moment."""
