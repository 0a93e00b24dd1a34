"""HTML of strangers becomes Markdown that shows its words and nothing else."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptive.catalog.importers.html import html_to_markdown, text_to_markdown
from adaptive.catalog.importers.tex import tex_clean
from adaptive.pages.markdown import render_block

FORMULA = '<img src="http://latex.codecogs.com/gif.latex?{}" border="0"/>'


def text(html: str) -> str:
    return html_to_markdown(html).text


def shown(markdown: str) -> str:
    """The words that a reader sees."""
    return " ".join(re.sub(r"<[^>]+>", " ", str(render_block(markdown))).split())


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("plain", "plain"),
        ("  two   words\n here ", "two words here"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br/>three</br>four", "one\\\ntwo\\\nthree\\\nfour"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<b>bold</b> and <em> soft </em>", "**bold** and *soft*"),
        ("<h1>Title</h1>text", "#### Title\n\ntext"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n\n- b"),
        ("<ol><li>a<li>b</ol>", "1. a\n\n2. b"),
        ("<pre>SELECT *\n  FROM t</pre>", "```\nSELECT *\n  FROM t\n```"),
        ('<a href="https://example.org">words</a>', "words"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("5 &gt; 3<sup>2</sup>", "5 > 3^2"),
        ("SELECT * FROM t_a", "SELECT \\* FROM t_a"),
        ("_x_ costs $5", "\\_x\\_ costs \\$5"),
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("- no list", "\\- no list"),
        ("[x](javascript:alert(1))", "\\[x](javascript:alert(1))"),
        ("", ""),
        ("<br><br>", ""),
    ],
)
def test_structure_is_kept_and_signs_stay_signs(html: str, markdown: str) -> None:
    assert text(html) == markdown


def test_a_table_becomes_a_table_whatever_is_left_open() -> None:
    html = "<center><table border=1><tr><th><center>a</th><th>b|c<tr><td>1<td>2<br>3<tr><td>4</table> after"
    assert text(html) == "| a | b\\|c |\n| --- | --- |\n| 1 | 2 3 |\n| 4 |  |\n\nafter"


def test_a_table_within_a_table_gives_its_words() -> None:
    assert text("<table><tr><td>a <table><tr><td>b</td><td>c</td></tr></table></td></tr></table>").startswith(
        "| a b c |"
    )


def test_formulas_drawn_elsewhere_become_tex() -> None:
    html = (
        "between " + FORMULA.format("T_{1}") + "and" + FORMULA.format(r"\large \bf \color{red} {\pi_{a}(R)}") + ", then"
    )
    converted = html_to_markdown(html)
    assert converted.text == r"between $T_{1}$ and $\pi_{a}(R)$, then"
    assert converted.lost == []
    assert str(render_block(converted.text)).count("<math") == 2


@pytest.mark.parametrize(
    ("tex", "clean"),
    [
        (r"T_{1}", "T_{1}"),
        (r"\large \bf \color{red} {\sigma_{a=1}(R) }", r"\sigma_{a=1}(R)"),
        (r"\pi_{title,production year}(R)", r"\pi_{title,production\ year}(R)"),
        (r"R\bowtie S", r"R\bowtie S"),
        (r"\sigma_{name=' Fran'}(R)", r"\sigma_{name=\text{‘Fran’}}(R)"),
        (r"{a}{b}", r"{a}{b}"),
        (r"{{a}}", "a"),
        (r"x&space;y", r"x\ y"),
        (r"a $ b", ""),
        (r"{a", ""),
        ("   ", ""),
        ("x" * 2001, ""),
    ],
)
def test_tex_loses_its_colours_and_keeps_its_words(tex: str, clean: str) -> None:
    assert tex_clean(tex) == clean


def test_what_cannot_come_along_is_named() -> None:
    html = 'See <img src="https://x.org/a/diagram.png" alt="An ER diagram"> and <iframe src="https://x.org"></iframe>.'
    converted = html_to_markdown(html)
    assert converted.lost == ["picture diagram.png", "frame"]
    assert shown(converted.text) == "See [An ER diagram] and ."


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>safe",
        "<style>p{color:red}</style>safe",
        "<head><title>x</title></head>safe",
        "<svg onload=alert(1)><text>x</text></svg>safe",
        "<!-- <b>hidden</b> -->safe",
        "<script/>safe",
        '<img src="data:text/html;base64,xxx" onerror=alert(1)>safe',
    ],
)
def test_nothing_that_runs_or_hides_comes_along(html: str) -> None:
    assert shown(text(html)) == "safe"


@pytest.mark.parametrize(
    "html",
    [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&lt;img src=x onerror=alert(1)&gt;",
        "[click](javascript:alert(1))",
        "![x](https://example.org/steal?q=1)",
        "<https://example.org>",
        "&amp;lt;b&amp;gt;",
    ],
)
def test_what_is_only_text_stays_text_on_the_page(html: str) -> None:
    page = str(render_block(text(html)))
    assert "<script" not in page and "<img" not in page and "javascript:" not in re.sub(r">[^<]*<", "><", page)
    assert "href" not in page


@given(st.text(max_size=200))
def test_plain_text_is_shown_as_it_was_written(plain: str) -> None:
    # Letters are enough here: what Markdown or TeX would swallow of them would show.
    kept = re.sub(r"[^\w\s.,:;?!*_#\[\]()<>`$~|^&+=-]", "", plain)
    words = re.findall(r"[^\W_]+", kept)
    page = str(render_block(text_to_markdown(kept)))
    assert "<a " not in page and "<em" not in page and "<math" not in page and "<h" not in page and "<code" not in page
    assert [word for word in words if word not in page] == []


@given(st.text(alphabet="<>/ab trdhliuompeng\"'=&;!-[]$\\`*_#| \n", max_size=300))
def test_any_text_at_all_is_converted(html: str) -> None:
    converted = html_to_markdown(html)
    page = str(render_block(converted.text))
    assert "<script" not in page and "<img" not in page


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * 100_000 + "x",
        "<table><tr><td>" * 30_000 + "x",
        "<ul><li>" * 50_000 + "x",
        "</table></tr></li></ul></b></pre></script>" * 10_000,
        "&amp;" * 100_000,
        "<br>" * 100_000,
        "<td>" * 100_000,
        "<" * 200_000,
        "<!--" * 50_000,
        "<a " * 100_000,
        "<a x='" * 50_000,
        "</a " * 100_000,
        "<script>" * 50_000,
        "<style></style" * 30_000,
        "x" * 2_000_000,
        "*" * 400_000,
    ],
)
def test_hostile_html_takes_no_time(html: str) -> None:
    started = time.monotonic()
    html_to_markdown(html)
    text_to_markdown(html[:500_000])
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("plain", ["\n" * 500_000, " " * 500_000, "\n " * 250_000, "1" * 500_000, "#" * 500_000])
def test_hostile_plain_text_takes_no_time(plain: str) -> None:
    started = time.monotonic()
    text_to_markdown(plain)
    assert time.monotonic() - started < 5
