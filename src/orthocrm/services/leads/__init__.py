"""`desk.leads`: enquiries from capture to merging, and who belongs together."""
