"""The staff's pages: grading, submissions, marks by hand, requests, reports."""
