"""Intelligence: what a clinic's own past says about its leads, as pure functions of values."""
