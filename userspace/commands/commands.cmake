# One file a command, one table of commands; and the program itself.
tcptwin_layer(commands
  SOURCES command_table.cc command_line.cc help.cc program.cc option_values.cc live_options.cc
          trace_options.cc life_options.cc stuck_options.cc snapshot_options.cc surroundings.cc
          live_run.cc run_recording.cc record.cc record_options.cc replay.cc
          watched_run.cc service_client.cc service_run.cc
          control.cc control_request.cc control_server.cc table_answers.cc census_records.cc
          serve.cc serve_options.cc serve_settings.cc service.cc kept_rights.cc table_dump.cc
          trace.cc life.cc stuck.cc snapshot.cc top.cc top_options.cc top_session.cc
          diagram.cc diagram_options.cc ladder.cc ladder_options.cc doctor.cc counter_report.cc counter_watch.cc watch_counters.cc
          lab.cc lab_report.cc lab_story.cc
          demo.cc demo_check.cc demo_report.cc demo_run.cc demo_scenarios.cc demo_stage.cc
          explain.cc explain_connection.cc connection_story.cc story_text.cc connection_name.cc articles.cc
          finding_articles.cc article_index.cc arrow_lines.cc article_text.cc page_facts.cc
          state_facts_table.cc cause_facts_table.cc ending_facts_table.cc deviation_facts_table.cc
          finding_facts_table.cc edge_facts_table.cc settings_table.cc option_vocabulary.cc roff_page.cc manual_pages.cc bash_completion.cc
          zsh_completion.cc fish_completion.cc
  USES tcptwin_pipeline tcptwin_lab tcptwin_sinks tcptwin_system tcptwin_service fmt::fmt CLI11::CLI11 PkgConfig::LIBBPF)
target_compile_definitions(tcptwin_commands PRIVATE TCPTWIN_VERSION="${PROJECT_VERSION}"
                                                    TCPTWIN_REVISION="${TCPTWIN_REVISION}")

add_executable(tcptwin main.cc)
target_link_libraries(tcptwin PRIVATE tcptwin_commands)
tcptwin_warnings(tcptwin)

# Man pages, completions and the commented settings; packaging/ installs them.
set(TCPTWIN_REFERENCE_DIR ${PROJECT_BINARY_DIR}/reference CACHE INTERNAL "")
add_executable(tcptwin_reference commands/write_reference.cc)
target_link_libraries(tcptwin_reference PRIVATE tcptwin_commands)
tcptwin_warnings(tcptwin_reference)
add_custom_command(OUTPUT ${TCPTWIN_REFERENCE_DIR}/man/tcptwin.1
                   COMMAND ${CMAKE_COMMAND} -E rm -rf ${TCPTWIN_REFERENCE_DIR}
                   COMMAND tcptwin_reference ${TCPTWIN_REFERENCE_DIR} ${TCPTWIN_DATE}
                   COMMAND sh -c "gzip -9kn ${TCPTWIN_REFERENCE_DIR}/man/*"
                   DEPENDS tcptwin_reference VERBATIM)
add_custom_target(reference ALL DEPENDS ${TCPTWIN_REFERENCE_DIR}/man/tcptwin.1)

# What `demo` shows without root: kept as text, shipped as recordings. At run time they are found from the
# program's place, here as when installed (bin/tcptwin, share/tcptwin/demo/): the folder above its own.
set(TCPTWIN_DEMO_DIR ${PROJECT_BINARY_DIR}/share/tcptwin/demo CACHE INTERNAL "")
add_executable(write_demo_recordings commands/write_demo_recordings.cc)
target_link_libraries(write_demo_recordings PRIVATE tcptwin_sources)
tcptwin_warnings(write_demo_recordings)
file(GLOB demo_texts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/commands/demo_recordings/*.txt)
list(TRANSFORM demo_texts REPLACE ".*/(.*)\\.txt" "${TCPTWIN_DEMO_DIR}/\\1.twin" OUTPUT_VARIABLE demo_recordings)
add_custom_command(OUTPUT ${demo_recordings}
                   COMMAND ${CMAKE_COMMAND} -E make_directory ${TCPTWIN_DEMO_DIR}
                   COMMAND write_demo_recordings ${TCPTWIN_DEMO_DIR} ${demo_texts}
                   DEPENDS write_demo_recordings ${demo_texts} VERBATIM)
add_custom_target(demo_recordings ALL DEPENDS ${demo_recordings})
add_dependencies(tcptwin demo_recordings)
