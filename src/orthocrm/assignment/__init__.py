"""Rules about who takes a lead: eligibility, the rotation, the chain of strategies."""
