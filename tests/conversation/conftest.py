import pytest

from tests.factories import Cast, cast_make, resource_make

PARTS = (
    "## Equal parts\n\nThe **denominator** says into how many equal parts the whole is cut. "
    "The numerator counts how many of these parts we have."
)
ADDING = "## The same name\n\nOnly parts of the same size can be counted together. So we look for a common denominator."


@pytest.fixture
def cast(db: None) -> Cast:
    made = cast_make()
    made.extra["parts"] = resource_make(
        made.course, [made.skills[0]], external_id="parts", title="One number, two jobs", body=PARTS
    )
    made.extra["adding"] = resource_make(
        made.course, [made.skills[2]], external_id="adding-text", title="Counting together", body=ADDING
    )
    return made
