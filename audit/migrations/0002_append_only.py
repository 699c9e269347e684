from django.db import migrations

from audit import append_only


class Migration(migrations.Migration):
    """Receipts and checkpoints cannot be changed or deleted, whoever holds the connection."""

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunPython(
            lambda apps, editor: append_only.install(editor.connection),
            lambda apps, editor: append_only.remove(editor.connection),
        )
    ]
