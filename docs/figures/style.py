"""The look that the figures share, and how they are written: `write(figure, __file__)`."""

import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart with any colour vision.
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY, PALE = "0.35", "0.8"

mpl.rcParams.update(
    {
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 12,
        "figure.constrained_layout.use": True,
        "figure.figsize": (8, 4.4),  # inches; 768 pixels wide on a page
        "figure.titlesize": 12,
        "font.size": 11,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "savefig.facecolor": "white",  # legible on dark pages too
    }
)


def write(figure: Figure, script: str) -> None:
    """Writes an SVG to the path that the command line gives, else beside the script."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(script).with_suffix(".svg")
    # Without a date and with a salt of its own a figure comes out the same every time.
    with mpl.rc_context({"svg.hashsalt": path.stem}):
        figure.savefig(path, format="svg", metadata={"Date": None})
