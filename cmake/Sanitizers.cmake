# Applies TCPTWIN_SANITIZE to everything that is built.
if(TCPTWIN_SANITIZE)
  add_compile_options(-fsanitize=${TCPTWIN_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TCPTWIN_SANITIZE})
endif()
if(TCPTWIN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link) # coverage, for libFuzzer to follow
endif()
