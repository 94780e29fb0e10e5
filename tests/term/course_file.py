"""The course file of the simulated term: 13 assignments and every kind of late policy."""

from pathlib import Path

LABS = tuple(f"lab{number:02}" for number in range(4, 13))

HEAD = """\
course: {code: SIM1, title: A simulated term}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments:
  cpu: {gpus: 0}
late_policy: {kind: percent per day, percent: 10, max_days: 3, slack: 5 min}
weights:
  tutorial: {percent: 5}
  ps1: {percent: 25}
  labs: {percent: 40, of: [LABS], drop_lowest: 1}
  paper: {percent: 20}
  proposal: {percent: 10}
roster: roster.csv
assignments:
  tutorial:
    title: Tutorial
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-01-28 23:59
    late_policy: {kind: no late work, slack: 5 min}
    points: 20
    questions:
      q1: {title: One, points: 12}
      q2: {title: Two, points: 8}
  ps1:
    title: Problem set
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    lock: ps1.due + 5 days
    sections: {L2: {due: 2027-02-12 23:59}}
    points: 100
    questions:
      q1: {title: One, points: 60}
      q2: {title: Two, points: 40}
"""
LAB = """\
  {name}:
    title: {name}
    environment: cpu
    release: {release} 18:00
    due: {name}.release + 14 days at 23:59
    late_policy:
      {{kind: grace days, budget: 4, per_assignment: 2, then: no credit, counts: best}}
    attempts: {{limit: 3}}
    points: 40
    questions:
      q1: {{title: One, points: 25}}
      q2: {{title: Two, points: 15}}
"""
TAIL = """\
  paper:
    title: Paper
    environment: cpu
    group: {min: 2, max: 3, set: project}
    release: 2027-02-04 18:00
    due: 2027-04-01 23:59
    lock: 2027-04-02 12:00
    late_policy: {kind: points per day, points: 7, max_days: 3}
    points: 100
    questions:
      q1: {title: Identity, points: 60}
      talk: {title: Talk, points: 40, manual: true}
  proposal:
    title: Proposal
    submit: pdf
    group: {min: 2, max: 3, set: project}
    release: 2027-01-21 18:00
    due: 2027-02-17 23:59
    sections: {L2: {due: 2027-02-18 23:59}}
    late_policy:
      kind: windows
      windows: [{until: 1 day, credit: 80}, {until: 3 days, credit: 50}]
    points: 10
    questions:
      idea:
        title: Idea
        points: 6
        manual: true
        rubric:
          - {name: question, points: 4, text: A question}
          - {name: why, points: 2, text: Why it is open}
      plan: {title: Plan, points: 4, manual: true}
"""
# Lectures 4 to 12, on Thursdays.
DAYS = (
    *("2027-02-04", "2027-02-11", "2027-02-18", "2027-02-25"),
    *("2027-03-04", "2027-03-11", "2027-03-18", "2027-03-25", "2027-04-01"),
)


def write_course(folder: Path) -> Path:
    """The course file with all that must lie beside it but the roster."""
    labs = "".join(LAB.format(name=n, release=d) for n, d in zip(LABS, DAYS, strict=True))
    for name in ("tutorial", "ps1", *LABS, "paper", "proposal"):
        (folder / "assignments" / name).mkdir(parents=True, exist_ok=True)
    (folder / "assignments" / "proposal" / "handout.md").write_text("# Proposal\n")
    (folder / "environments" / "cpu").mkdir(parents=True, exist_ok=True)
    (folder / "environments" / "cpu" / "Dockerfile").write_text("FROM scratch\n")
    file = folder / "course.yaml"
    file.write_text(HEAD.replace("LABS", ", ".join(LABS)) + labs + TAIL)
    return file
