"""Rules about time: when somebody can be booked, and why not at another time (R1 to R21)."""
