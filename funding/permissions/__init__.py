"""Who may do what (RELIABILITY §4).

Two questions, asked apart. `PERMISSIONS` says which roles may do an act at all; every route
declares one of its names. What the act may be done *to* is said by the `visible_*` queries: what
is not in them answers NotFound, exactly as if it did not exist.
"""

from funding.permissions.acts import (
    FUNDERS,
    PERMISSIONS,
    PUBLIC,
    READERS,
    SIGNED_IN,
    Actor,
    load_actor,
    require,
)
from funding.permissions.fetching import LAST_ID, fetch
from funding.permissions.money import (
    judges_compensating,
    visible_awards,
    visible_compensating,
    visible_lines,
    visible_offers,
    visible_plans,
    visible_runs,
    visible_scenarios,
    visible_studies,
    visible_tranches,
)
from funding.permissions.overlaps import (
    inside_shown_to,
    outside_shown_to,
    published_grants,
    published_proposals,
    visible_outside,
    visible_overlaps,
)
from funding.permissions.payments import (
    ledger_commitments,
    visible_bank_details,
    visible_bank_lines,
    visible_bank_statements,
    visible_batches,
    visible_reversals,
    visible_transfers,
)
from funding.permissions.records import (
    visible_events,
    visible_history,
    visible_imports,
    visible_mail,
    visible_merges,
    visible_names,
)
from funding.permissions.reporting import (
    own_reports,
    visible_reports,
    visible_requests,
)
from funding.permissions.reviews import (
    finished_assignments,
    opened_assignments,
    own_assignments,
    visible_assignments,
    visible_reviewers,
)
from funding.permissions.rounds import (
    own_proposals,
    owned_rounds,
    participants,
    visible_commitments,
    visible_organisations,
    visible_proposals,
    visible_rounds,
    without_conflict,
    working_rounds,
)

__all__ = [
    "FUNDERS",
    "LAST_ID",
    "PERMISSIONS",
    "PUBLIC",
    "READERS",
    "SIGNED_IN",
    "Actor",
    "fetch",
    "finished_assignments",
    "inside_shown_to",
    "judges_compensating",
    "ledger_commitments",
    "load_actor",
    "opened_assignments",
    "outside_shown_to",
    "own_assignments",
    "own_proposals",
    "own_reports",
    "owned_rounds",
    "participants",
    "published_grants",
    "published_proposals",
    "require",
    "visible_assignments",
    "visible_awards",
    "visible_bank_details",
    "visible_bank_lines",
    "visible_bank_statements",
    "visible_batches",
    "visible_commitments",
    "visible_compensating",
    "visible_events",
    "visible_history",
    "visible_imports",
    "visible_lines",
    "visible_mail",
    "visible_merges",
    "visible_names",
    "visible_offers",
    "visible_organisations",
    "visible_outside",
    "visible_overlaps",
    "visible_plans",
    "visible_proposals",
    "visible_reports",
    "visible_requests",
    "visible_reversals",
    "visible_reviewers",
    "visible_rounds",
    "visible_runs",
    "visible_scenarios",
    "visible_studies",
    "visible_tranches",
    "visible_transfers",
    "without_conflict",
    "working_rounds",
]
