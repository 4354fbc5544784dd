from django.db import migrations

from anlan.foundation.row_security import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("areas", "0001_initial")]
    operations = [AppendOnly("areas_areachange")]
