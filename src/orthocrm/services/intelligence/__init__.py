"""`desk.intelligence`: what the clinic's own past says about its leads."""
