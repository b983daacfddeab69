# `./dev package`: the same files as .deb, .rpm and archive. What differs between them: stage.cmake.
set(TCPTWIN_CONTACT "The tcptwin authors <maintainers@tcptwin.invalid>" CACHE STRING
    "Who answers for the packages")
string(TIMESTAMP TCPTWIN_CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(debian/changelog.in debian/changelog @ONLY)
configure_file(debian/copyright debian/copyright COPYONLY)

set(CPACK_PACKAGE_NAME tcptwin)
set(CPACK_PACKAGE_VENDOR "The tcptwin authors")
set(CPACK_PACKAGE_CONTACT ${TCPTWIN_CONTACT})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "TCP connection tracer that judges every state change")
set(CPACK_PACKAGE_DESCRIPTION
"tcptwin gives every TCP connection of a Linux host a twin: a second state
machine, the one of RFC 9293, driven by what the kernel's sockets show. It
names the cause of each state change and who did it, and reports where the
kernel does what neither the RFC nor Linux' documented habits explain.
It traces with eBPF, lists sockets with TIME_WAIT and half-open connections,
finds stuck ones, records and replays, and runs as a service with metrics for
Prometheus.")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_GENERATOR DEB RPM TGZ)
set(CPACK_STRIP_FILES ON)
# Into a staging folder as onto a host: the unit names /usr/bin in every package.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/stage.cmake)
set(CPACK_TCPTWIN_DEBIAN ${CMAKE_CURRENT_BINARY_DIR}/debian)
set(CPACK_TCPTWIN_ARCHIVE ${CMAKE_CURRENT_SOURCE_DIR}/archive)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
string(TOLOWER ${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR} platform)
set(CPACK_PACKAGE_FILE_NAME tcptwin-${PROJECT_VERSION}-${platform})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst postrm prerm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/${file})
endforeach()

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "MIT AND GPL-2.0-only")
set(CPACK_RPM_PACKAGE_REQUIRES systemd)
set(CPACK_RPM_USER_FILELIST "%config(noreplace) /etc/tcptwin/tcptwin.yaml")
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${CMAKE_CURRENT_SOURCE_DIR}/rpm/postinstall)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${CMAKE_CURRENT_SOURCE_DIR}/rpm/preuninstall)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${CMAKE_CURRENT_SOURCE_DIR}/rpm/postuninstall)
# Folders that belong to other packages.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/share/man /usr/share/man/man1
    /usr/share/man/man5 /usr/share/bash-completion /usr/share/bash-completion/completions
    /usr/share/zsh /usr/share/zsh/site-functions /usr/share/fish
    /usr/share/fish/vendor_completions.d)
include(CPack)
