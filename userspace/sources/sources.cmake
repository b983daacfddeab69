tcptwin_layer(sources
  SOURCES anonymiser.cc call_path_symbols.cc census.cc decode.cc decode_census.cc decode_segment.cc helper_probe.cc kernel_btf.cc
          kernel_capabilities.cc kernel_counters.cc kernel_symbols.cc libbpf_log.cc
          live_bpf.cc live_knobs.cc network_namespaces.cc polling_pace.cc prerequisites.cc process_listeners.cc
          program_facts.cc program_plan.cc program_runs.cc recorder.cc recording_facts.cc recording_format.cc recording_parts.cc recording_reader.cc
          recording_source.cc recording_text.cc recording_writer.cc ring_reader.cc stream_counters.cc wire_fields.cc
  USES tcptwin_tracker tcptwin_system)
target_link_libraries(tcptwin_sources PRIVATE tcptwin_skeleton PkgConfig::LIBBPF PkgConfig::ZSTD
                                              ZLIB::ZLIB Threads::Threads)

if(TCPTWIN_WITH_BCC)
  target_compile_definitions(tcptwin_sources PRIVATE TCPTWIN_WITH_BCC)
  target_include_directories(tcptwin_sources SYSTEM PRIVATE ${BCC_INCLUDE_DIR})
  # BCC's archive carries its own thin wrapper round libbpf, so it must come before libbpf.
  # A target, so that what BCC needs of libbpf comes after it, whoever links this layer.
  add_library(bcc_bpf STATIC IMPORTED)
  set_target_properties(bcc_bpf PROPERTIES
    IMPORTED_LOCATION ${BCC_BPF_LIBRARY} INTERFACE_LINK_LIBRARIES "PkgConfig::LIBBPF;elf;z")
  target_link_libraries(tcptwin_sources PRIVATE bcc_bpf)
endif()
