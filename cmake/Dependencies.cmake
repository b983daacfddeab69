# Libraries, all from Debian packages (packages.txt is the one list of them).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf>=1.0)
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET ncursesw)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)

if(TCPTWIN_WITH_BCC)
  find_path(BCC_INCLUDE_DIR bcc/bcc_syms.h)
  find_library(BCC_BPF_LIBRARY NAMES libbcc_bpf.a)
  if(NOT BCC_INCLUDE_DIR OR NOT BCC_BPF_LIBRARY)
    message(FATAL_ERROR "BCC is missing: install libbpfcc-dev, or build with "
                        "-DTCPTWIN_WITH_BCC=OFF (call paths are then named in the kernel only)")
  endif()
endif()
if(TCPTWIN_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
