"""Triage: what a report is about, how urgent it is, where it belongs, and why, by rules alone."""
