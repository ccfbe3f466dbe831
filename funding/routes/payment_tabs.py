"""The tabs above the pages of payments."""

from __future__ import annotations

from typing import Any

from flask import url_for

from funding.routes.context import actor

_TABS = (
    ("files", "Payment files", "payments.index", "payment.read"),
    ("new", "Ready to pay", "payments.new", "payment.make"),
    ("statements", "Bank statements", "bank_statements.index", "payment.read"),
    ("details", "Bank details", "payees.index", "payment.read"),
    ("reversals", "Reversals", "reversals.index", "payment.read"),
    ("ledger", "Trial balance", "ledger.trial_balance", "ledger.read"),
    ("statement", "Statement", "ledger.statement", "ledger.read"),
    ("exchange", "Exchange rates", "ledger.exchange", "ledger.read"),
)


def payment_tabs(current: str) -> list[dict[str, Any]]:
    """Those that are there for the person; `current` is the key of the one shown."""
    return [
        {"label": label, "url": url_for(endpoint), "current": key == current}
        for key, label, endpoint, needed in _TABS
        if actor().may(needed)
    ]
