"""`desk.inbox`: what others deliver, from its arrival until it is worked off."""
