/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations and services out of texts; a text that is wrong fails the test. */
#ifndef SMF_TESTS_TEST_CONFIG_H
#define SMF_TESTS_TEST_CONFIG_H

#include "config/config.h"
#include "session/service.h"

/* The configuration of a text in printf's way; config_release gives it back. */
const struct config *test_config(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A service of it, for service_destroy; the configuration is given back. */
struct service *test_service(const struct config *config);

#endif
