"""
The doctor: facts about a whole installation in, findings with their remedies out.

What is judged is pure and stands in the modules of this package, one for each part; how the facts are had
from file system, kernel, database, resolver and servers stands in `gather`. Nothing is written, and no lock
is taken but those of a reader of the database.
"""
