# Run by cpack between installing into a staging folder and making a package of it: where one kind of
# package differs from the others.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(share ${root}/usr/share)

if(CPACK_GENERATOR STREQUAL "DEB")
  # Debian's zsh has a folder of its own for packages; licences are told, and changelogs named, in
  # Debian's way.
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
  file(REMOVE ${share}/doc/tcptwin/LICENSE ${share}/tcptwin/source/bpf/LICENSE)
  file(COPY ${CPACK_TCPTWIN_DEBIAN}/copyright DESTINATION ${share}/doc/tcptwin)
  execute_process(COMMAND gzip -9n INPUT_FILE ${CPACK_TCPTWIN_DEBIAN}/changelog
                  OUTPUT_FILE ${share}/doc/tcptwin/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
  file(CHMOD ${share}/doc/tcptwin/copyright ${share}/doc/tcptwin/changelog.gz
       PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
elseif(CPACK_GENERATOR STREQUAL "TGZ")
  file(COPY ${CPACK_TCPTWIN_ARCHIVE}/INSTALL DESTINATION ${root})
endif()
