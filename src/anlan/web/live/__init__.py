"""Live pages: what is committed anywhere reaches the pages that show it, as server-sent events.

One process beside the web processes holds every stream. A single connection listens for announcements (`hub`); each
stream gets what its viewer may see (`viewers`) and nothing but identifiers: the page then fetches its own part anew,
in its own scope. See docs/decisions/0011-live-streams.md.
"""
