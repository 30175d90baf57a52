"""All codes of failures and warnings, and what each says: the one list from which the page of codes is made.

A code is stable: programs rely on it. The sentence with the numbers is where the failure is found. A test walks the
sources and compares.
"""

from __future__ import annotations

# The number is right, but ...
WARNINGS = {
    "null_inflated": "unrelated data of this shape would already score well above 0 (for a distance, far below)",
    "common_mean": "all rows share a mean of more than three spreads, which the measure takes for likeness",
    "rank_saturated": "some canonical correlations are 1 for any data: too few rows for so many columns",
    "in_sample_fit": "a regression fits unrelated data this well, because it has many columns for few rows",
    "small_sample": "a debiased estimate from so few rows has a standard error of 0.05 or more",
    "dominant_sample": "a few rows of a side hold much of the variance, and the score follows them",
    "dominant_dimension": "a few columns of a side hold much of the variance, and the score follows them",
    "duplicate_samples": "inputs occur more than once",
    "near_duplicates": "inputs occur more than once, up to round-off",
    "collapsed_rows": "one vector stands in the place of many rows of one side",
    "at_chance": "predictions agree no more than rows in random order do: perhaps the orders of the inputs differ",
    "padding_rows": "constant rows fill both sides",
    "dead_units": "constant columns carry no weight",
    "storage_precision": "a column's mean is so large that the stored type has lost its signal",
    "same_content": "two inputs hold identical values",
    "size_decides": "the norms differ so much that a size-sensitive distance may see nothing else",
    "neighbors_duplicates": "neighbor lists hold only copies of the row",
    "ties": "neighbors tied for the last places of a list share them",
    "rank_deficient_map": "the best rotation is not unique",
    "uniformity_floor": "the value cannot get any smaller for this number of rows",
    "clamped": "round-off beyond the range was removed (in results only)",
    "failed_pairs": "some pairs of a grid have no value; the grid says why",
    "p_floor": "the smallest p-value these data can reach, ties counted, is larger than the level",
    "infinite_scores": "some orders of the rows score infinity; p counts these as equal, and there is no z",
    "groups_in_place": "some groups are the only ones of their size (in their stratum) and stay where they "
    "are; the test rests on the others",
    "dependent_rows": "rows outnumber the stimuli that ``ids=`` names, and no ``groups=`` tie them",
    "biased_interval": "the score depends on the number of rows by over half a standard error",
    "not_smooth": "a jackknife interval is unreliable: neighbor lists, or numbers of components, change in jumps",
    "biased_difference": "two biased scores owe unlike amounts to chance",
    "no_spread": "leaving out rows or groups changed nothing",
    "few_groups": "there were fewer than five groups to leave out",
    "header_assumed": "the first line of a table counts 0, 1, 2, ..., or has a word that is not below, and was "
    "taken for names of columns",
    "index_assumed": "the first column of a table without names of columns counts the rows and was left out",
    "rows_left_out": "rows were put in one order by their names, and some sides lack some of them",
}

# There is no result, because ...
FAILURES = {
    "Failures of inputs": {
        "nonfinite_input": "there are NaN or infinite values; the first is named",
        "unsupported_dtype": "an input does not hold real numbers, or is no array at all",
        "not_two_dimensional": "an input has no rows and columns",
        "layout_required": "an input has more than two axes: say how to reduce it to rows and columns",
        "empty_input": "there are no rows or no columns",
        "row_count_mismatch": "the two sides have different numbers of rows",
        "rows_misaligned": "both sides name their rows, and the names differ, or are in different orders",
        "row_names_missing": "rows cannot be put in one order, because one side does not name them",
        "row_names_repeated": "rows cannot be put in one order, because one side gives two rows one name",
        "id_column": "a data frame has a column ``id``, ``index`` or ``Unnamed: 0``, which only names rows",
        "width_mismatch": "the measure needs as many columns on both sides",
        "not_symmetric": "a precomputed matrix is not square or not symmetric",
        "too_few_samples": "there are fewer rows than the measure needs",
        "k_too_large": "there are fewer rows than k neighbors need",
        "too_few_models": "a measure of a group was given fewer than two models",
        "no_variance": "all rows are equal",
        "constant_row": "one row is constant where the measure needs variation",
        "no_structure": "all pairs are equally far apart",
        "kind_required": "it was not said what a table holds: probabilities, logits, scores, tokens, counts",
        "missing_answer": "an input has no answer, and it was not said what becomes of it (``missing=``)",
        "class_sets_differ": "two models do not speak of the same classes",
        "not_probabilities": "rows are no probabilities",
        "bad_label": "labels are no class numbers",
        "summary_mismatch": "a prepared summary was made for something else, or is damaged",
    },
    "Failures of calls": {
        "unknown_measure": "no measure has this name",
        "unknown_option": "the measure has no option of this name",
        "bad_option": "an option has a value that cannot be used",
        "unknown_label": "a result has no entry of this name",
        "not_offered": "the measure does not offer this: it has no closed form, no orbits under this design, no "
        "values per row, or does not use which row is which",
        "over_budget": "more memory is needed than is free",
        "no_convergence": "a decomposition did not reach its accuracy",
        "function_failed": "a function of your own raised StopIteration, which would end the test unseen",
        "outside_range": "a function of your own returned a score outside of the range that was stated of it",
        "undefined": "the score does not exist for these data, for some permutation, or without some row",
        "interrupted": "it was stopped from outside",
    },
    "Failures of tests": {
        "nothing_to_permute": "strata and groups leave every row in its place",
        "not_exchangeable": "inputs were shown more than once: keep one row of each, say with ``groups=`` which rows "
        "belong together, or with ``repeats='allow'`` that different inputs have equal rows",
        "permutation_undefined": "the measure does not use which row is which, so that no order of the rows changes it",
        "replay_differs": "a test that was run again came out differently: other data, or another version",
    },
    "Failures of files": {
        "unknown_format": "no reader knows this kind of file",
        "damaged_file": "the content of a file contradicts itself",
        "unsafe_file": "reading it could run code from it",
        "not_a_file": "it is a pipe or a device",
        "key_required": "a file holds several arrays, and it was not said which",
        "unknown_key": "a file has no array of this name",
        "not_a_number": "a field of a table is no number; its line and column are named",
        "file_not_found": "there is no such file (on the command line; ``FileNotFoundError`` in Python)",
        "file_error": "the file cannot be read or written (on the command line; ``OSError`` in Python)",
        "out_of_memory": "there is not enough memory (on the command line; ``MemoryError`` in Python)",
    },
}
