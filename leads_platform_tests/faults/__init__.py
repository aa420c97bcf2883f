"""Crashes, faults of the machine, and damage: nothing is lost, and it is said in words."""
