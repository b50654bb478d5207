"""Privacy: encryption at rest, its keys, and what the audit trail keeps of personal data."""
