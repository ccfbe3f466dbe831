"""How much worse than the plan a plan may be and still count as good: what people choose from."""

from __future__ import annotations

from collections.abc import Mapping

from funding.errors import Fault, InvalidInput
from funding.studies.kind import Document

TOLERANCES = {"0.5": 0.005, "1": 0.01, "2": 0.02}
"""By what is chosen, in percent."""
USUAL = "1"


def read_tolerance(form: Mapping[str, str]) -> Document:
    """The chosen tolerance as a parameter. Raises InvalidInput."""
    chosen = form.get("tolerance", USUAL)
    if chosen not in TOLERANCES:
        raise InvalidInput(Fault("tolerance", "Choose one of the shares."))
    return {"tolerance": TOLERANCES[chosen]}
