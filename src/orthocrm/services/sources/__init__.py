"""`desk.sources`: where leads come from, what that costs, and what it is credited with."""
