"""`desk.settings`: the clinic itself, and what it configures."""
