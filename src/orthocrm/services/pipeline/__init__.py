"""`desk.pipeline`: leads on their way through the clinic's stages."""
