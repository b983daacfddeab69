# Findings to text: the terminal table, CSV, JSON lines and the summary.
tcptwin_layer(sinks
  SOURCES output.cc clock_mapping.cc words.cc terminal.cc divergence_text.cc csv.cc json_lines.cc
          json_text.cc summary_text.cc finding_filter.cc
  USES tcptwin_tracker fmt::fmt)
