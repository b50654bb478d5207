"""`desk.assignment`: who takes care of which lead."""
