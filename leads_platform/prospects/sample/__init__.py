"""The room's part of the sample: what suppliers' lists and Salesforce hold of the world, their files, and the truth.

Belongs here: nothing by itself; a start of the platform imports this package and none of its modules.
"""
