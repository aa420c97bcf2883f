"""The room's part of the sample: leads of the world's businesses, what they are sold for, and the truth in cents.

Belongs here: nothing by itself; a start of the platform imports this package and none of its modules.
"""
