"""`desk.followups`: activities, tasks, rules and sequences."""
