"""`desk.privacy`: who did what, and who may know."""
