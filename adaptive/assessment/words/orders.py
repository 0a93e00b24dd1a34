"""Words addressed to whoever marks, in whatever disguise. Pure patterns; every look-ahead is bounded."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
import urllib.parse

# Broad on purpose: a wrong alarm costs a teacher's glance.
_ORDERS = re.compile(
    r"""
    \b(?:ignore|disregard|forget|skip|override)\b.{0,40}\b(?:above|previous|prior|instructions?|rules?|rubric|prompt|question)\b
    | \b(?:give|award|grant|grade|mark|score|assign|rate)\b.{0,30}\b(?:full|max(?:imum)?|top|perfect|100|all)\b
        .{0,15}\b(?:marks?|points?|scores?|grades?|credits?|percent)\b
    | \b(?:full|all|maximum|top)\ (?:marks|points|credits?|score)\b(?!\ (?:on|of|in|where))
    | \b(?:mark|grade|score|rate|label|classify|accept)\b.{0,30}\b(?:this|it|my|me|the)\b.{0,25}
        \b(?:correct|right|true|100\ ?%|full\ (?:marks?|credits?|points?|score))
    | \b(?:you\ are|act\ as|pretend\ to\ be|behave\ like)\s+(?:now\s+)?(?:an?\s+|the\s+|my\s+)?(?:\w+\s+)?
        (?:ai|assistant|helpful|grader|marker|evaluator|examiner|teacher|language\ model|chatbot|tutor)\b
    | \b(?:system\ prompt|as\ an\ ai|language\ model|chatgpt|developer\ mode|jailbreak)\b
    | \b(?:answer|response|output)\s*[:=]\s*["']?(?:correct|right|true|full|pass)\b
    | \b(?:verdict|assessment|label|score|grade|mark)["']?\s*(?:is|:|=)\s*["']?
        (?:correct|right|true|1(?:\.0+)?\b|100|full|pass)
    | \b(?:say|reply|respond|output|print|return|write|answer)\b.{0,15}["'](?:yes|correct|right|true)["']
    | \b(?:the\ )?(?:student|pupil|learner)(?:'s)?\ (?:answer|response)\ is\b
    | \bmodel\ answer\b | \breference\ answer\b | \banswer\ key\b
    | \bplease\b.{0,20}\b(?:pass|full|accept)\b
    | \b(?:this|my)\ answer\b.{0,30}\b(?:graded|marked|checked|approved|accepted|counts?|complete|perfect)\b
    | \bmy\ answer\ (?:is|was)\ (?:\w+\ )?(?:correct|right|true)\b | \b(?:accepts?|count)\ every\ answer\b
    | \b(?:already|has\ been|was)\ (?:graded|marked\ (?:as|right|correct))\b
    | \bmy\ (?:teacher|tutor|parents?)\b.{0,30}\b(?:checked|said|says)\b
    | \bfrom\ now\ on\b.{0,40}\b(?:answer|count|mark|grade)\w*\b | \bevery\ answer\ of\b
    | \b(?:but|and)\ (?:it|this|that)\ is\ (?:the\ )?(?:right|correct)\ answer\b
    | \bentailed\b | \bdecode\ (?:and|this)\b | \bi\ will\ fail\b
    | \b(?:grader|grading|rubric|examiner)\b
    | \bupdate\s+\w{1,40}\s+set\b | \bdrop\s+table\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# The same in languages that answers might be smuggled in.
_IGNORE = (
    r"ignor\w*|vergiss|missachte|oubli\w*|olvid\w*|dimentica\w*|esque[cç]\w*|negeer|vergeet|zignoruj|pomi[nń]\w*|"
    r"glöm|bortse|yok\ say|görmezden|игнорир\w*|забудь\w*|忽略|无视|無視|تجاهل|무시"
)
_INSTRUCTIONS = (
    r"anweisung\w*|instruc\w*|instruk\w*|istruzion\w*|consignes?|instruç\w*|polece\w*|talimat\w*|инструкц\w*|указани\w*|"
    r"指示|指令|说明|التعليمات|지시"
)
_RATE = (
    r"bewerte\w*|benote\w*|note[rz]?|évalue\w*|califica\w*|eval[uú]a\w*|valuta\w*|marque|marca|avali\w*|beoordeel|oceń|"
    r"bedöm|işaretle|отмет\w*|оцени\w*|判为|评为|اعتبر"
)
_RIGHT = (
    r"richtig\w*|korrekt\w*|volle\w*|correct[eoa]\w*|corret[oa]|juste|goed|poprawn\w*|rätt|doğru|правильн\w*|верн\w*|"
    r"正确|صحيح\w*"
)
_FOREIGN_ORDERS = re.compile(
    rf"(?:{_IGNORE}).{{0,60}}(?:{_INSTRUCTIONS})|(?:{_INSTRUCTIONS}).{{0,60}}(?:{_IGNORE})"
    rf"|\b(?:{_RATE})\b.{{0,50}}\b(?:{_RIGHT})",
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(
    r"""
    <\|[^|>]{1,40}\|> | \[/?INST\] | \[(?:SEP|CLS|MASK|PAD|UNK|EOS|BOS)\] | <<SYS>> | \#\#\# | ``` | <!-- | \{\{ | \$\{
    | </?\s*(?:s|pad|unk|eos|bos|mask)\s*>
    | </?\s*(?:\w{0,20}answer|system|user|assistant|script|instructions?|verdict|label|score|grade|teacher|grader|result
        |div|span|p|b|i|br|em|strong|h[1-6]|a|img|body|html|style|iframe|table|ul|li|ol|pre|code|hidden|meta|comment)
        (?:\s[^<>]{0,80})?/?\s*>
    | </?\s*[a-z]{1,20}_[a-z_]{1,30}\s*>
    | ["'](?:label|score|verdict|grade|mark|correct|result|is_correct|confidence|role|content)["']\s*:
    | \{\s*["']\w{1,30}["']\s*: | \{\w{1,30}_\w{1,30}\}
    | (?:^|[\n.!?])\s*
        (?:system|teacher|assistant|user|grader|examiner|human|model|evaluator|verdict|label|needs_review)\s*:
    | ^\s{0,3}\#{1,6}\s | ^\s{0,3}(?:---+|===+)\s*$
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
# Letters of other scripts that look like Latin ones.
_LOOKALIKES = str.maketrans(
    "асеіорѕхуԁһјӏԛԝАВСЕНІЈКМОРЅТХУαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aceiopsxydhjlqwABCEHIJKMOPSTXYaeikvoptuxABEZHIKMNOPTYX",
)
_LEET = str.maketrans("430157@$!|", "aeoistasil")
_CODE = re.compile(
    r"(?:%[0-9A-Fa-f]{2}){4}|(?:&\#?\w{1,8};\s?){4}|(?:\\[ux][0-9A-Fa-f]{2,4}){3}|\b(?:[0-9a-fA-F]{2}){12,}\b"
    r"|(?:\b[01]{7,8}\b\s*){4}|(?:(?:^|(?<=\s))[.\-]{1,6}(?:\s|$)){8}"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,}={0,2}")
_LETTERS_APART = re.compile(r"(?:\b[^\W\d_]\b[ .\-_*]{1,3}){7}[^\W\d_]\b|[^\W\d_](?:[\-_.*][^\W\d_]){4,}")
_SET_APART = re.compile(r"\b(?:[^\W\d_][ .\-_*]){3,60}[^\W\d_]\b")
_MIXED_SCRIPTS = re.compile(r"[A-Za-z][\u0400-\u052f\u0530-\u058f]|[\u0400-\u052f\u0530-\u058f][A-Za-z]")


def is_order(text: str) -> bool:
    """Whether the text, as it stands, speaks to whoever marks it or carries marks of a prompt's format."""
    return bool(_MARKUP.search(text) or _ORDERS.search(text) or _FOREIGN_ORDERS.search(text))


def is_disguised(text: str) -> bool:
    """Whether a part of the text is in a code that no answer needs: base64, hex, entities, letters set apart."""
    if _CODE.search(text) or _LETTERS_APART.search(text) or _MIXED_SCRIPTS.search(text):
        return True
    return any(_is_base64(match.group()) for match in _BASE64.finditer(text))


def readings(text: str) -> list[str]:
    """What the text says when read through the usual disguises; those that change nothing are left out."""
    accents_off = "".join(
        letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn"
    )
    out = [
        accents_off,
        accents_off.translate(_LOOKALIKES),
        accents_off.translate(_LEET),
        _SET_APART.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), text),
        html.unescape(text),
        urllib.parse.unquote(text),
        codecs.encode(text, "rot13"),
        text[::-1],
    ]
    return [reading for reading in dict.fromkeys(out) if reading != text]


def _is_base64(word: str) -> bool:
    """Decodes to readable text; a long word of letters alone seldom does."""
    try:
        said = base64.b64decode(word + "=" * (-len(word) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(said) and sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in said) / len(said) > 0.95
