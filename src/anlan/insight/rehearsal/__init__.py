"""Rehearsal: the city's own rules and program, played by simulated people on the loop's own clock.

Everything a rehearsal prints comes from a simulation and says so.
"""
