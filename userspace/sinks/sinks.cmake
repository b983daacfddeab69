# Findings to text: the terminal tables, CSV, JSON lines and the summary.
tcptwin_layer(sinks
  SOURCES output.cc short_text.cc clock_mapping.cc words.cc segment_text.cc table_text.cc terminal.cc divergence_text.cc finding_log.cc csv.cc
          json_lines.cc json_lives.cc json_segments.cc pcapng.cc json_text.cc summary_text.cc diagnostics.cc finding_filter.cc
          life_text.cc life_table.cc life_csv.cc life_joiner.cc life_sorter.cc life_statistics.cc
          stuck_table.cc socket_row.cc socket_table.cc finding_bytes.cc finding_history.cc
          ladder_text.cc ladder_collector.cc segment_story.cc segment_runs.cc exchange_ladder.cc
          metric_catalogue.cc metric_families.cc metric_series.cc metrics.cc owner_metrics.cc
          top_choice.cc top_model.cc top_rates.cc top_screen.cc top_sections.cc top_text.cc
          diagram.cc diagram_figure.cc diagram_text.cc diagram_svg.cc diagram_dot.cc svg_text.cc ladder_svg.cc json_ladder.cc
  USES tcptwin_tracker tcptwin_system fmt::fmt)
target_link_libraries(tcptwin_sinks PRIVATE PkgConfig::PROMETHEUS)
