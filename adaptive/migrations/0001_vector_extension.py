from django.db import migrations
from pgvector.django import VectorExtension


class Migration(migrations.Migration):
    """pgvector, for the embeddings of resources. Needs a role that may create extensions, once."""

    initial = True
    dependencies = []
    operations = [VectorExtension()]
