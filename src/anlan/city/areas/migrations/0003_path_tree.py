"""What lies in an area is found by the tree and not by reading all areas."""

from django.contrib.postgres.indexes import GistIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("areas", "0002_append_only_history")]
    operations = [migrations.AddIndex("area", GistIndex(fields=["path"], name="area_path_tree"))]
