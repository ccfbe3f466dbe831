"""The life of each thing as one table of legal moves (DESIGN §5).

The database holds the same table and refuses every other move (`funding.models.triggers`).
"""

from __future__ import annotations

MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "round": {
        "draft": ("open",),
        "open": ("in review", "draft"),
        "in review": ("allocating", "open"),
        "allocating": ("deciding", "in review"),
        "deciding": ("closed", "allocating"),
        "closed": ("allocating",),
    },
    "proposal": {
        "draft": ("submitted", "withdrawn"),
        "submitted": ("in review", "draft", "funded", "not funded", "withdrawn"),
        "in review": ("funded", "not funded", "withdrawn"),
        "funded": (),
        "not funded": ("funded", "in review"),
        "withdrawn": ("draft",),
    },
    "scenario": {
        "draft": ("solved",),
        "solved": ("draft", "compared", "put forward"),
        "compared": ("draft", "put forward"),
        "put forward": ("compared",),
    },
    "plan_line": {
        "suggested": ("recommended",),
        "recommended": ("amended", "approved", "declined", "withdrawn"),
        "amended": ("approved", "declined", "withdrawn"),
        "approved": (),
        "declined": (),
        "withdrawn": (),
    },
    "award": {
        "to be offered": ("offered", "terminated"),
        "offered": ("accepted", "terminated"),
        "accepted": ("active", "terminated"),
        "active": ("completed", "terminated"),
        "completed": (),
        "terminated": (),
    },
    "tranche": {
        "scheduled": ("due", "cancelled"),
        "due": ("released", "cancelled"),
        "released": ("paid", "cancelled"),
        "paid": ("returned", "released"),
        "returned": ("paid",),
        "cancelled": (),
    },
    "payment_batch": {
        "made": ("approved", "cancelled"),
        "approved": ("settled", "cancelled"),
        "settled": (),
        "cancelled": (),
    },
    "reversal": {
        "asked": ("approved", "refused"),
        "approved": (),
        "refused": (),
    },
    "bank_statement": {
        "preview": ("taken in", "left"),
        "taken in": (),
        "left": (),
    },
    "report": {
        "due": ("submitted",),
        "submitted": ("accepted", "sent back"),
        "sent back": ("submitted",),
        "accepted": (),
    },
    "change_request": {
        "asked": ("approved", "declined", "withdrawn"),
        "approved": (),
        "declined": (),
        "withdrawn": (),
    },
    "name_merge": {
        "suggested": ("merged", "rejected"),
        "merged": ("suggested", "rejected"),
        "rejected": ("suggested",),
    },
    "review_assignment": {
        "assigned": ("accepted", "in conflict", "delegated", "withdrawn"),
        "accepted": ("handed in", "in conflict", "delegated", "withdrawn"),
        "in conflict": ("assigned", "withdrawn"),
        "handed in": ("accepted",),
        "delegated": ("assigned",),
        "withdrawn": ("assigned",),
    },
    "voice": {
        "waiting": ("shown", "hidden"),
        "shown": ("hidden",),
        "hidden": ("shown",),
    },
}
"""kind -> state -> the states it may move to; each kind is also the name of its table."""
