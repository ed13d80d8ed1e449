# SPDX-License-Identifier: GPL-2.0-or-later
# Makes C of the page's parts: cmake -DDIR=this folder -DOUT=page.c -P embed.cmake
set(text "/* Made of page.html, page.css and page.js by embed.cmake. */\n#include \"tools/report/page.h\"\n")
foreach(part html css js)
  file(READ ${DIR}/page.${part} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
  string(APPEND text "\nconst char page_${part}[] = {${octets}0};\n")
endforeach()
file(WRITE ${OUT} "${text}")
