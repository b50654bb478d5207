"""`desk.scheduling`: schedules, free times, appointments, the waitlist and links."""
