# wire.h as the BPF compiler laid it out, against wire.h as this compiler does.
get_target_property(bpf_object tcptwin_skeleton TCPTWIN_BPF_OBJECT)
tcptwin_test_program(wire_layout_test
  SOURCES wire_layout_test.cc
  USES tcptwin_includes tcptwin_skeleton)
target_compile_definitions(wire_layout_test PRIVATE TCPTWIN_BPF_OBJECT="${bpf_object}")
tcptwin_lint_test(wire_layout wire_layout_test --gtest_brief=1)
