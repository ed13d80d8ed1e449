/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the HTML page, which the build makes C of: page.html, page.css and page.js. */
#ifndef SMF_TOOLS_REPORT_PAGE_H
#define SMF_TOOLS_REPORT_PAGE_H

extern const char page_html[], page_css[], page_js[];

#endif
