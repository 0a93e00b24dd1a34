"""Our own set of eighty requests, on the courses that ship: the bars of the tutor."""

import re
from io import StringIO

import pytest
from django.core.management import call_command

from adaptive.tenants.models import Tenant

HANDLED = 0.9


@pytest.mark.parametrize("options", [{}, {"no_vectors": True}], ids=["with vectors", "by words alone"])
def test_requests_are_handled_as_labelled_and_no_answer_is_given_away(db, options):
    out = StringIO()
    call_command("evaluate_tutor", stdout=out, **options)
    said = out.getvalue()
    share = float(re.search(r"handled as labelled: \d+ of 80 \(([\d.]+)%\)", said).group(1)) / 100
    assert share >= HANDLED, said
    assert "answers given away: 0" in said, said
    assert "links to nothing: 0" in said, said
    assert not Tenant.objects.filter(slug="tutor-evaluation").exists()
