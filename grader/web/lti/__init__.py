"""LTI 1.3: the course is opened from an LMS such as Canvas, Quercus or Moodle, and sends scores.

What is proved of a launch follows the IMS Security Framework 1.0; scores go by the Assignment and
Grade Services 2.0, with pylti1p3.
"""
