tcptwin_layer(system
  SOURCES privileges.cc cgroup_names.cc signals.cc character_grid.cc terminal_screen.cc
  USES tcptwin_base)
# For terminal_screen.cc alone; its flags are no business of the layers above.
target_link_libraries(tcptwin_system PRIVATE PkgConfig::NCURSES)
