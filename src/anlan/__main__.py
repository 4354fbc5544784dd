import sys

from anlan.cli import main

# The guard matters: a worker process that is spawned imports this module again.
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
