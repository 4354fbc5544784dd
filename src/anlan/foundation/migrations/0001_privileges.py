from django.contrib.postgres.operations import CreateExtension
from django.db import migrations

from anlan.foundation.row_security import Privileges


class Migration(migrations.Migration):
    """First of all: the rights of the application's role must be set before the first table exists."""

    dependencies = []
    run_before = [("contenttypes", "0001_initial"), ("sessions", "0001_initial")]
    operations = [
        Privileges(),
        CreateExtension("ltree"),
        CreateExtension("pg_trgm"),
        CreateExtension("btree_gist"),
    ]
