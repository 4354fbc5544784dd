"""Lists taken out of the program as CSV or XLSX: asked for on a page, written by the worker, kept for a day.

`request` asks for one; what may stand in it is decided when it is written, by the postings held then. The row in the
database says who took what, when, and can't be changed; the file lies in `ANLAN_HOME/exports`, apart from the files of
matters, because it has to go away again.
"""

from anlan.loop.exports.requests import cancel, file_of, mine, one, request
from anlan.loop.exports.writing import work

__all__ = ["cancel", "file_of", "mine", "one", "request", "work"]
