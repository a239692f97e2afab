"""The lessons: each trains a model on its real input, prints what to look at, and leaves pictures.

Run them all with ``python -m demos``, one with ``python -m demos line``; ``--list`` names them.
"""
