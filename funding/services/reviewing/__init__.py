"""Reviewing: who reviews what, conflicts, forms, drafts, scores, discussion and release."""
