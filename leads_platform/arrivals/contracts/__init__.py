"""Feed contracts: what they may say, as files, the user's own, and proposing one.

Belongs here: that. Does not: obeying a contract.
"""
