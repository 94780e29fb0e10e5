"""The same assignment for our grader and for otter, in two styles, and a race between them."""
