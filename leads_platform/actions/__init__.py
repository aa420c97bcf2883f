"""Actions: what is done with rows of tables and can't be unmade, such as a file for the sales team.

Belongs here: the declaration, the steps of a run, its manifest, and the relations `actions.*`. Does not: what one
room's action does, or what is a function of tables and can be made again (products). Only a person or a schedule starts
one.
"""
