"""A believable construction-estimating application: its people, what they do, and the events of it."""
