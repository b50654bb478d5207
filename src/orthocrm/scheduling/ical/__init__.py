"""iCalendar (RFC 5545 and 5546): invites and feeds are written, other calendars are read."""
