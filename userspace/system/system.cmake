tcptwin_layer(system
  SOURCES privileges.cc capabilities.cc cgroup_names.cc signals.cc character_grid.cc terminal_screen.cc
          listen_address.cc control_listener.cc process_facts.cc private_network.cc tcp_socket.cc
          wire.cc
  USES tcptwin_base)
# For terminal_screen.cc alone; its flags are no business of the layers above.
target_link_libraries(tcptwin_system PRIVATE PkgConfig::NCURSES)

# Of the same layer, but with libraries that only `serve` needs.
set(service_sources config_file.cc http_server.cc journal.cc service_manager.cc web_access.cc)
list(TRANSFORM service_sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/system/)
add_library(tcptwin_service STATIC ${service_sources})
target_link_libraries(tcptwin_service PUBLIC tcptwin_system PRIVATE PkgConfig::HTTPLIB PkgConfig::YAML
                                      PkgConfig::SYSTEMD PkgConfig::OPENSSL crypt
                                      Threads::Threads)
tcptwin_warnings(tcptwin_service)
