#!/usr/bin/env python3
"""Scores a file of answers (one JSON object per line, as bench/questions.cc prints them) against a file of questions.

usage: questions.py QUESTIONS.tsv ANSWERS.jsonl [--pages] [--verbose]
"""
import argparse
import json
import sys

from scoring import PageTexts, citations, is_hit, read_questions, score


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions")
    parser.add_argument("answers")
    parser.add_argument("--pages", action="store_true", help="look every quote up in the cited file with pdftotext")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    questions = read_questions(args.questions)
    answers = [json.loads(line) for line in open(args.answers, encoding="utf-8")]
    files = {c["document"]: c["document"] for answer in answers for c in citations(answer)}
    result = score(questions, answers, PageTexts(files) if args.pages else None)
    print(result.line())
    if args.verbose:
        for question, answer in zip(questions, answers):
            verdict = "hit " if is_hit(question, answer) else "abst" if answer["status"] == "abstained" else "miss"
            best = max((part["best"] for part in answer.get("trace", {}).get("parts", [])), default=float("nan"))
            print(f"{verdict} {'+' if question.answerable else '-'} {best:6.3f} {question.text}")
        for citation in result.off_page:
            print("not on page", citation["page"], repr(citation["quote"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
