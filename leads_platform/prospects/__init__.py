"""Prospects: suppliers' lead files and Salesforce's leads become one list of prospective leads.

Belongs here: the room's tables, one file each, and its feed contracts. A supplier's base and staging tables come
from its contract in feeds/; `supplier_staging` is the rule by which they do.
"""
