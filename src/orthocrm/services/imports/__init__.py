"""`desk.imports`: files of leads and of outcomes, and taking them back."""
