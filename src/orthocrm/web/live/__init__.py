"""Live streams: what happens is read once in each process, and told to every reader."""
