"""What `anlan addresses` can do: each module here is one of its subcommands, entered in `SUBCOMMANDS` of the command.

A module has `HELP`, `add_arguments(parser)`, and `run(out, **options)`, which writes to `out` and raises CommandError.
"""
