# tcptwin_bpf_skeleton(name SOURCES a.bpf.c ... HEADERS ...): compiles each source for the BPF
# target, links them (bpftool gen object) and writes <name>.skel.h.
#
# Makes the interface library <name>_skeleton (include <name>.skel.h), whose property
# TCPTWIN_BPF_OBJECT is the linked object, for the test that looks into its BTF.
find_program(BPF_CLANG NAMES clang clang-14 clang-15 clang-16 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  set(BPF_TARGET_ARCHITECTURE x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(BPF_TARGET_ARCHITECTURE arm64)
else()
  message(FATAL_ERROR "No BPF target architecture known for ${CMAKE_SYSTEM_PROCESSOR}")
endif()

function(tcptwin_bpf_skeleton name)
  cmake_parse_arguments(BPF "" "" "SOURCES;HEADERS" ${ARGN})
  list(TRANSFORM BPF_HEADERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set(linked ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton_directory ${CMAKE_CURRENT_BINARY_DIR}/skeleton)
  set(skeleton ${skeleton_directory}/${name}.skel.h)
  file(MAKE_DIRECTORY ${skeleton_directory})

  # linux/bpf.h needs asm/types.h, which a multi-arch system keeps beside its libraries.
  set(flags -g -O2 -target bpf -mcpu=v2 -ffreestanding -std=gnu11
      -D__TARGET_ARCH_${BPF_TARGET_ARCHITECTURE}
      -I${CMAKE_CURRENT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/include
      -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
      -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
      -Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations)
  foreach(option IN LISTS LIBBPF_CFLAGS)
    list(APPEND flags ${option})
  endforeach()
  if(TCPTWIN_WARNINGS_AS_ERRORS)
    list(APPEND flags -Werror)
  endif()

  set(objects "")
  foreach(source IN LISTS BPF_SOURCES)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${source}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${BPF_CLANG} ${flags} -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
      DEPENDS ${source} ${BPF_HEADERS} ${PROJECT_SOURCE_DIR}/include/tcptwin/wire.h
      COMMENT "BPF ${source}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_command(OUTPUT ${skeleton}
    COMMAND ${BPFTOOL} gen object ${linked} ${objects}
    COMMAND ${BPFTOOL} gen skeleton ${linked} name ${name}_bpf > ${skeleton}
    DEPENDS ${objects} BYPRODUCTS ${linked}
    COMMENT "BPF skeleton ${name}.skel.h" VERBATIM)
  add_custom_target(${name}_skeleton_file DEPENDS ${skeleton})

  add_library(${name}_skeleton INTERFACE)
  add_dependencies(${name}_skeleton ${name}_skeleton_file)
  # The generated header is not written to our warnings, hence SYSTEM.
  target_include_directories(${name}_skeleton SYSTEM INTERFACE ${skeleton_directory})
  target_include_directories(${name}_skeleton INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name}_skeleton INTERFACE PkgConfig::LIBBPF)
  set_target_properties(${name}_skeleton PROPERTIES TCPTWIN_BPF_OBJECT ${linked})
endfunction()
