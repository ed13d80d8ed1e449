/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the comparisons of lookups in search trees; for a test that smf_test_counts_tree_steps knows
 * (tests/CMakeLists.txt). */
#ifndef SMF_TESTS_TREE_STEPS_H
#define SMF_TESTS_TREE_STEPS_H

#include <stddef.h>

extern size_t tree_steps; /* so far */

#endif
