"""Reads: what screens and reports ask of the trading tables and of the live stream."""
