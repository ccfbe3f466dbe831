"""What a background worker can be asked to do: name -> function(database, config, **arguments)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from funding.services import (
    allocation,
    import_jobs,
    imports,
    inbox,
    offering,
    replays,
    studies,
)
from funding.services.names import searching as names
from funding.services.overlaps import mapping, searching
from funding.services.packs import making, printing, sealing
from funding.services.payments import tranches
from funding.services.privacy import retention
from funding.services.reporting import reminders
from funding.services.reviewing import after_review, calibration, suggesting

TASKS: dict[str, Callable[..., None]] = {
    "run_scenario": allocation.run_scenario,
    "reckon_baselines": allocation.reckon_baselines,
    searching.SEARCH: searching.find_overlaps,
    searching.COMPARE: searching.compare_proposal,
    searching.REFRESH: searching.refresh_index,
    mapping.DRAW: mapping.draw_map,
    imports.READ: import_jobs.read_import,
    imports.WRITE: import_jobs.write_import,
    offering.PDF: offering.make_agreement,
    offering.LAPSE: offering.lapse_offers,
    names.TASK: names.find_names,
    making.TASK: making.make_pack,
    making.QUICK: making.make_pack,
    sealing.PRINT: printing.print_pack,
    replays.TASK: replays.run_replay,
    studies.TASK: studies.run_study,
    inbox.SEND_DIGESTS: inbox.send_digests,
    retention.APPLY_RETENTION: retention.apply_retention,
    tranches.MARK_DUE: tranches.mark_due_tranches,
    reminders.TASK: reminders.remind_of_reports,
    suggesting.TASK: suggesting.suggest_reviewers,
    calibration.TASK: calibration.calibrate_scores,
    after_review.REMIND: after_review.remind_reviewers,
}

REGULAR: dict[str, timedelta] = {
    after_review.REMIND: timedelta(hours=1),
    inbox.SEND_DIGESTS: timedelta(minutes=15),
    offering.LAPSE: offering.LAPSE_EVERY,
    retention.APPLY_RETENTION: timedelta(days=1),
    searching.REFRESH: timedelta(minutes=10),
    tranches.MARK_DUE: timedelta(hours=1),
    reminders.TASK: timedelta(days=1),
}
"""Tasks without arguments that come round by themselves: name -> period. Each bears being run
again at once, and at any later time."""
