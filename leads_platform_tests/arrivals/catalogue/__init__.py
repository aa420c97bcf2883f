"""The catalogue of bad input: every kind of bad file we know, its verdict, and what the user sees.

    python -m leads_platform_tests.arrivals.catalogue docs

writes docs/bad-input.md from it. Belongs here: the kinds (one module a group), the way of one kind through an
environment (run_case), the page (page). Does not: random damage (test_reading_fuzz.py), crashes, or a part alone.
"""
