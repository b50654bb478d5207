"""Rules about the pipeline: which moves are allowed, the board, the stages themselves."""
