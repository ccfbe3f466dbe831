"""What each stage of each thing is called on the pages, and the tone of its chip.

The stages themselves, and which may follow which, are in `funding.models.states`.
"""

from __future__ import annotations

from funding.language import lazy

STAGE_NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "round": {
        "draft": (lazy("Draft"), ""),
        "open": (lazy("Open"), "accent"),
        "in_review": (lazy("In review"), "calm"),
        "allocating": (lazy("Allocating"), "calm"),
        "deciding": (lazy("Deciding"), "caution"),
        "closed": (lazy("Closed"), ""),
    },
    "proposal": {
        "draft": (lazy("Draft"), ""),
        "submitted": (lazy("Submitted"), "accent"),
        "in_review": (lazy("In review"), "calm"),
        "funded": (lazy("Funded"), "good"),
        "not_funded": (lazy("Not funded"), "bad"),
        "withdrawn": (lazy("Withdrawn"), ""),
    },
    "scenario": {
        "draft": (lazy("Draft"), ""),
        "running": (lazy("Solving"), "calm"),
        "solved": (lazy("Solved"), "accent"),
        "compared": (lazy("Compared"), "accent"),
        "put_forward": (lazy("Put forward"), "good"),
        "failed": (lazy("Failed"), "bad"),
    },
    "line": {
        "suggested": (lazy("Suggested"), ""),
        "recommended": (lazy("Recommended"), "calm"),
        "approved": (lazy("Approved"), "good"),
        "declined": (lazy("Declined"), "bad"),
        "amended": (lazy("Amended"), "caution"),
    },
    "offer": {
        "open": (lazy("Open"), "calm"),
        "accepted": (lazy("Accepted"), "good"),
        "refused": (lazy("Refused"), "bad"),
        "lapsed": (lazy("Lapsed"), "bad"),
        "withdrawn": (lazy("Taken back"), ""),
    },
    "award": {
        "to_be_offered": (lazy("To be offered"), "caution"),
        "offered": (lazy("Offered"), "calm"),
        "accepted": (lazy("Accepted"), "accent"),
        "active": (lazy("Active"), "good"),
        "completed": (lazy("Completed"), ""),
        "terminated": (lazy("Terminated"), "bad"),
    },
    "tranche": {
        "scheduled": (lazy("Scheduled"), ""),
        "due": (lazy("Due"), "caution"),
        "released": (lazy("Released"), "calm"),
        "paid": (lazy("Paid"), "good"),
        "returned": (lazy("Returned"), "bad"),
    },
    "payment_file": {
        "made": (lazy("Waits for approval"), "caution"),
        "approved": (lazy("For the bank"), "calm"),
        "settled": (lazy("Paid"), "good"),
        "cancelled": (lazy("Cancelled"), ""),
    },
    "bank_statement": {
        "preview": (lazy("Not taken in yet"), "caution"),
        "taken_in": (lazy("Taken in"), "good"),
        "left": (lazy("Left"), ""),
    },
    "reversal": {
        "asked": (lazy("Asked for"), "caution"),
        "approved": (lazy("Undone"), "good"),
        "refused": (lazy("Refused"), ""),
    },
    "report": {
        "due": (lazy("Due"), "caution"),
        "submitted": (lazy("Submitted"), "accent"),
        "accepted": (lazy("Accepted"), "good"),
        "sent_back": (lazy("Sent back"), "bad"),
    },
    "review": {
        "open": (lazy("Open"), "caution"),
        "agreed": (lazy("Agreed"), "good"),
        "objected": (lazy("Objected"), "bad"),
    },
    "request": {
        "asked": (lazy("Waits for an answer"), "accent"),
        "approved": (lazy("Approved"), "good"),
        "declined": (lazy("Declined"), "bad"),
        "withdrawn": (lazy("Withdrawn"), ""),
    },
    "run": {
        "queued": (lazy("Waiting"), ""),
        "running": (lazy("Solving"), "calm"),
        "done": (lazy("Solved"), "good"),
        "infeasible": (lazy("No plan"), "bad"),
        "failed": (lazy("Failed"), "bad"),
        "cancelled": (lazy("Cancelled"), ""),
    },
    "import": {
        "reading": (lazy("Being read"), "calm"),
        "preview": (lazy("Waiting for you"), "accent"),
        "refused": (lazy("Has faults"), "bad"),
        "running": (lazy("Being written"), "calm"),
        "done": (lazy("Done"), "good"),
        "cancelled": (lazy("Left"), ""),
    },
    "job": {
        "waiting": (lazy("Waiting"), ""),
        "running": (lazy("Running"), "calm"),
        "done": (lazy("Done"), "good"),
        "cancelled": (lazy("Cancelled"), ""),
        "failed": (lazy("Failed"), "bad"),
    },
}
"""Kind of thing -> stage -> (name, tone): good, caution, bad, calm, accent or none."""
