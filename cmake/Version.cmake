# TCPTWIN_REVISION: the commit this is built from, or "unknown" outside a checkout; may be given.
if(NOT TCPTWIN_REVISION)
  execute_process(COMMAND git rev-parse --short=12 HEAD
                  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
                  OUTPUT_VARIABLE TCPTWIN_REVISION OUTPUT_STRIP_TRAILING_WHITESPACE
                  ERROR_QUIET RESULT_VARIABLE revision_result)
  if(NOT revision_result EQUAL 0)
    set(TCPTWIN_REVISION "unknown")
  endif()
endif()

# TCPTWIN_DATE: of that commit, for the man pages; outside a checkout today's (or SOURCE_DATE_EPOCH's).
execute_process(COMMAND git log -1 --format=%cs
                WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
                OUTPUT_VARIABLE TCPTWIN_DATE OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE date_result)
if(NOT date_result EQUAL 0)
  string(TIMESTAMP TCPTWIN_DATE %Y-%m-%d UTC)
endif()
