#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of the goals and what follows from it, with planted numbers: met or not, worse than before or not, the document."""
import unittest

from goals_table import (BEGIN, END, GOALS, LEAST, MOST, baseline_of, document_with, goal_number, judged,
                         markdown_table, met, regressions, text_table)


def rows(**values):
    return {key: judged(key, {"values": measured}) for key, measured in values.items()}


class Table(unittest.TestCase):
    def test_every_goal_of_the_issue_has_a_row(self):
        self.assertEqual({goal_number(key) for key in GOALS}, {f"P{number}" for number in range(1, 17)})

    def test_an_aim_is_never_easier_than_its_must(self):
        for key, goal in GOALS.items():
            with self.subTest(key):
                self.assertIn(goal.wanted, (MOST, LEAST))
                if goal.must is not None and goal.aim is not None:
                    easier = goal.aim > goal.must if goal.wanted == MOST else goal.aim < goal.must
                    self.assertFalse(easier)

    def test_the_median_is_judged_not_the_best_pair(self):
        self.assertEqual(met(rows(P1=[0.99, 0.89, 0.89])["P1"]), "NO")
        self.assertEqual(met(rows(P1=[0.91, 0.80, 0.92])["P1"]), "must")
        self.assertEqual(met(rows(P1=[0.94, 0.95, 0.10])["P1"]), "aim")

    def test_a_cost_must_be_small(self):
        self.assertEqual(met(rows(P3=[1.51])["P3"]), "NO")
        self.assertEqual(met(rows(P3=[1.5])["P3"]), "must")
        self.assertEqual(met(rows(P3=[0.8])["P3"]), "aim")

    def test_one_lost_is_too_many(self):
        self.assertEqual(met(rows(P8=[1])["P8"]), "NO")
        self.assertEqual(met(rows(P8=[0])["P8"]), "aim")

    def test_an_aim_without_a_must_is_never_a_no(self):
        found = rows(**{"P9 heal": [3], "P8 100k": [7]})
        self.assertEqual({met(row) for row in found.values()}, {"not the aim"})

    def test_a_must_without_an_aim_is_met(self):
        self.assertEqual(met(rows(**{"P14 growth": [1.1]})["P14 growth"]), "must")

    def test_printed_tables_name_value_and_verdict(self):
        found = rows(P1=[0.5], P3=[0.7])
        self.assertRegex(text_table(found), r"(?m)^P1 .*0\.500 .* NO$")
        self.assertRegex(markdown_table(found), r"(?m)^\| P3 \|.*\| aim \|$")

    def test_nothing_measured_is_a_table_all_the_same(self):
        self.assertIn("median", text_table({}))


class Baseline(unittest.TestCase):
    def test_only_ratios_are_kept(self):
        self.assertEqual(set(baseline_of(rows(P1=[0.9], P3=[1.0], P8=[0]))), {"P1"})

    def test_the_same_again_is_no_regression(self):
        before = baseline_of(rows(P1=[0.90, 0.91, 0.92], P7=[1.0, 1.1, 1.2]))
        self.assertEqual(regressions(rows(P1=[0.90, 0.91, 0.92], P7=[1.0, 1.1, 1.2]), before), [])

    def test_within_the_spread_is_no_regression(self):
        before = baseline_of(rows(P1=[0.85, 0.91, 0.92]))
        self.assertEqual(regressions(rows(P1=[0.86, 0.86, 0.87]), before), [])
        noisy_now = rows(P1=[0.70, 0.80, 0.95])
        self.assertEqual(regressions(noisy_now, before), [])

    def test_beyond_the_spread_it_is_named(self):
        before = baseline_of(rows(P1=[0.90, 0.91, 0.92], P7=[1.0, 1.1, 1.2]))
        found = regressions(rows(P1=[0.80, 0.81, 0.82], P7=[1.3, 1.4, 1.5]), before)
        self.assertEqual([line.split(":")[0] for line in found], ["P1", "P7"])
        self.assertIn("0.810 (0.800..0.820), was 0.910", found[0])

    def test_better_is_no_regression(self):
        before = baseline_of(rows(P1=[0.90], P7=[1.2]))
        self.assertEqual(regressions(rows(P1=[0.95], P7=[1.0]), before), [])

    def test_what_was_not_measured_now_is_not_compared(self):
        self.assertEqual(regressions(rows(P1=[0.9]), baseline_of(rows(P7=[1.0]))), [])


class Document(unittest.TestCase):
    def test_only_what_is_between_the_markers_changes(self):
        document = f"above\n{BEGIN}\n\nold\n\n{END}\nbelow\n"
        written = document_with(document, "new")
        self.assertEqual(written, f"above\n{BEGIN}\n\nnew\n\n{END}\nbelow\n")
        self.assertEqual(document_with(written, "new"), written)

    def test_without_its_markers_nothing_is_written(self):
        for document in ("no marker", f"{BEGIN}", f"{END}\n{BEGIN}"):
            with self.assertRaises(ValueError):
                document_with(document, "new")


if __name__ == "__main__":
    unittest.main()
