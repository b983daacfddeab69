tcptwin_layer(system
  SOURCES privileges.cc signals.cc
  USES tcptwin_base)
