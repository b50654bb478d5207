"""`desk.notifications`: what staff are told, what families are written, and consent."""
