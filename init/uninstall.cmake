# SPDX-License-Identifier: GPL-2.0-or-later
# Removes the files that an installation wrote, and the directories of ours that are empty then. Settings are kept.
#
#   cmake -D MANIFEST=install_manifest.txt -D CONFDIR=/etc/mail/smfs -P uninstall.cmake
#
# The manifest names the files without DESTDIR, which is put in front of them here as it was at the installation.
if(NOT EXISTS "${MANIFEST}")
  message(FATAL_ERROR "There is no ${MANIFEST}: nothing was installed from this build")
endif()

file(STRINGS "${MANIFEST}" files)
foreach(file IN LISTS files)
  set(path "$ENV{DESTDIR}${file}")
  string(FIND "${file}" "${CONFDIR}/" in_confdir)
  if(in_confdir EQUAL 0)
    message(STATUS "Keeping: ${path}")
  elseif(EXISTS "${path}" OR IS_SYMLINK "${path}")
    message(STATUS "Removing: ${path}")
    if(NOT IS_DIRECTORY "${path}")
      file(REMOVE "${path}")
    endif()
    if(EXISTS "${path}" OR IS_SYMLINK "${path}")
      message(SEND_ERROR "${path} cannot be removed")
    endif()
  endif()
  # Its directory, and the one above, where they are ours alone.
  get_filename_component(directory "${path}" DIRECTORY)
  while(directory MATCHES "/smf-spf(/|$)")
    file(GLOB left "${directory}/*" "${directory}/.*")
    list(FILTER left EXCLUDE REGEX "/\\.\\.?$")
    if(left OR NOT IS_DIRECTORY "${directory}")
      break()
    endif()
    file(REMOVE_RECURSE "${directory}")
    get_filename_component(directory "${directory}" DIRECTORY)
  endwhile()
endforeach()
