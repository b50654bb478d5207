"""Rules about leads themselves: reading an enquiry, duplicates, edits, conversion."""
