"""The archive: originals, records and manifests, and what follows from them.

Belongs here: what is stored and what is in force. Does not: reading a file, or taking one in.
"""
