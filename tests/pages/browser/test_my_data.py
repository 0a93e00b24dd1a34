"""A student looks at their own data, takes consent back, and leaves."""

from django.urls import reverse
from playwright.sync_api import expect

from adaptive.learners.consents import MARKING, agrees
from adaptive.learners.models import Learner
from tests.factories import PASSWORD


def test_consent_is_taken_back_and_all_is_deleted(window, cast):
    w = window(width=320)
    w.expected = ["422"]
    w.log_in("alice")
    w.goto(reverse("adaptive:courses"))
    w.page.get_by_role("link", name="My data").locator("visible=true").click()
    reading = w.page.get_by_role("listitem").filter(has_text="Reading my answers")
    expect(reading).to_contain_text("You agree.")
    reading.get_by_role("button", name="Take it back").click()
    expect(w.page.get_by_text("It counts from now on, also for what is waiting.")).to_be_visible()
    expect(reading).to_contain_text("You do not agree.")
    assert not agrees(Learner.objects.get(pk=cast.alice.pk), MARKING)
    with w.page.expect_download() as file:
        w.page.get_by_role("link", name="Download all of it").click()
    assert file.value.suggested_filename == "my-data.json"
    w.page.get_by_role("link", name="Delete my data").click()
    w.page.get_by_label("I am sure").check()
    w.page.get_by_label("Your password").fill("not mine")
    w.page.get_by_role("button", name="Delete my data for good").click()
    expect(w.page.get_by_role("alert").locator("visible=true")).to_contain_text("Nothing is deleted yet")
    w.page.get_by_label("Your password").fill(PASSWORD)
    w.page.get_by_role("button", name="Delete my data for good").dblclick()
    expect(w.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert not Learner.objects.filter(pk=cast.alice.pk).exists()
