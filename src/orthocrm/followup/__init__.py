"""Rules about staying in touch: business time, follow-up rules, contact attempts, tasks."""
