"""`desk.analytics`: the practice's numbers, its reports, and the leads behind them."""
