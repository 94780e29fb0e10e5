"""Formulas of submitted notebooks, typeset by the browser: LaTeX in, MathML that is safe out.

marking    finds the formulas of a Markdown text and puts marks in their place
latex      what of LaTeX is taken, and its conversion
writing    the converter's tree, written by a list of what may be in it
spacing, letters, alphabets   mend that tree for browsers
"""

from grader.web.formulas.latex import mathml as mathml
from grader.web.formulas.marking import Formula as Formula
from grader.web.formulas.marking import Marked as Marked
from grader.web.formulas.marking import marked as marked
