"""Rows as the contract's JSON. Presenters decide nothing."""
