"""Decision packs: made by a worker, remarked on by members, sealed at the decision, verified."""
