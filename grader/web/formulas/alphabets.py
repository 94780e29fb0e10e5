"""The alphabets of mathematics in Unicode: a bold `x`, a double-struck `R`, a script `L`.

Of MathML's `mathvariant` browsers know `normal` only, as MathML Core has it: a letter of another
alphabet is another character.
"""

import unicodedata

# Of the names that characters have: "MATHEMATICAL SANS-SERIF BOLD CAPITAL A".
_STYLES = {
    "BOLD": "bold",
    "ITALIC": "italic",
    "BOLD ITALIC": "bold-italic",
    "SCRIPT": "script",
    "FRAKTUR": "fraktur",
    "BLACK-LETTER": "fraktur",
    "DOUBLE-STRUCK": "double-struck",
    "SANS-SERIF": "sans-serif",
    "SANS-SERIF BOLD": "bold-sans-serif",
    "SANS-SERIF ITALIC": "sans-serif-italic",
    "MONOSPACE": "monospace",
}
_WORDS = {word for style in _STYLES for word in style.split()}
# Letters that had a place in Unicode before the alphabets did, such as the reals' R.
_OLDER = range(0x2100, 0x2150)
_ALPHABETS = range(0x1D400, 0x1D800)


def letters(text: str, alphabet: str) -> str:
    """`text` in an alphabet, named as MathML's `mathvariant` has it.

    A character that the alphabet lacks stays as it is.

    >>> letters("R2 Θ!", "double-struck"), letters("Rθ", "bold")
    ('ℝ𝟚 Θ!', '𝐑𝛉')
    """
    return "".join(_LETTERS.get((alphabet, letter), letter) for letter in text)


def _read() -> dict[tuple[str, str], str]:
    """Each letter of each alphabet, by that alphabet and the plain letter."""
    found = {("italic", "h"): "\u210e"}  # its name there is the Planck constant
    for code in (*_OLDER, *_ALPHABETS):
        letter = chr(code)
        kind, _, plain = unicodedata.decomposition(letter).partition(" ")
        words = unicodedata.name(letter, "").removeprefix("MATHEMATICAL ").split()
        style: list[str] = []
        while words and words[0] in _WORDS:
            style.append(words.pop(0))
        alphabet = _STYLES.get(" ".join(style))
        if kind == "<font>" and alphabet:
            found[alphabet, chr(int(plain, 16))] = letter
    return found


_LETTERS = _read()
