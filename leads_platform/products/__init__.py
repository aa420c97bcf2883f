"""Products: what is made of tables and is no table, such as the published copies.

Belongs here: what a product is, when it is stale, making it, and the products that every platform has. Does not: a
room's own products (its `Room` declares them), or anything that can't be unmade.
"""
