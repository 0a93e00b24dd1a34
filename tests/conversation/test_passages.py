from adaptive.conversation.passages import best_passages, read_resource, sections_of, weights_of

BODY = (
    "# Parts\n\nThe whole is cut. The denominator names the parts.\n\n"
    "| xylem | water |\n|---|---|\n| phloem | food |\n\n"
    'Daniel says: "The denominator is always the larger number of the two." That is wrong.\n\n'
    "## A formula\n\nWe write\n\n$$\\frac{1}{2}$$\n\n- one\n- two ![x](y.png)\n"
)


def passages(words, *bodies, **options):
    resources = [
        read_resource(id=n, kind="reading", title="T", body=body, language="en") for n, body in enumerate(bodies)
    ]
    return best_passages(words, resources, weights=weights_of(words, {}, 10), language="en", **options)


def test_a_quote_is_the_authors_own_sentences():
    (found,) = passages(["denominator"], BODY)
    assert "The denominator names the parts." in found.quote and found.heading == "Parts"
    assert all(line in BODY for line in found.quote.splitlines())


def test_what_somebody_says_is_not_quoted_as_the_courses_word():
    (found,) = passages(["denominator"], BODY)
    assert "always the larger" not in found.quote


def test_what_may_not_be_quoted_leaves_a_link_or_other_words():
    (found,) = passages(["denominator"], BODY, may_quote=lambda text: "names the parts" not in text)
    assert "names the parts" not in found.quote
    (found,) = passages(["denominator"], BODY, may_quote=lambda text: False)
    assert found.quote == ""


def test_a_formula_stays_with_the_words_before_it_and_pictures_are_left_out():
    section = sections_of(BODY, "en")[-1]
    assert section.sentences[0].text == "We write $\\frac{1}{2}$"
    assert "png" not in section.quote(0, 9)


def test_rows_of_tables_are_matched_and_not_quoted():
    (found,) = passages(["phloem"], BODY)
    assert "|" not in found.quote and "phloem" not in found.quote


def test_nothing_asked_finds_nothing_and_nothing_found_is_nothing():
    assert passages([], BODY) == [] and passages(["quadratic"], BODY) == [] and passages(["x"], "") == []
