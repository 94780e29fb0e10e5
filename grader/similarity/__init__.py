"""Notebooks that share code: a lead for people to follow, never a verdict.

`compare_works` gives a report as data, `similarity_pages` the same as HTML. Nothing is run.
"""

from grader.similarity.comparing import compare_works as compare_works
from grader.similarity.pages import similarity_pages as similarity_pages
from grader.similarity.records import Lines as Lines
from grader.similarity.records import NotCompared as NotCompared
from grader.similarity.records import Pair as Pair
from grader.similarity.records import Passage as Passage
from grader.similarity.records import Side as Side
from grader.similarity.records import SimilarityReport as SimilarityReport
from grader.similarity.records import Thresholds as Thresholds
from grader.similarity.records import Unread as Unread
from grader.similarity.records import Work as Work
