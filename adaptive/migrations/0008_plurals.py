"""Names of tables on the operators' pages; nothing of the database changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("adaptive", "0007_trust_gate")]
    operations = [
        migrations.AlterModelOptions("auditentry", {"verbose_name_plural": "audit entries"}),
        migrations.AlterModelOptions("gapquery", {"verbose_name_plural": "gap queries"}),
    ]
