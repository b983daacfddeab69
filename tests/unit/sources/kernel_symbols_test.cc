// SPDX-License-Identifier: MIT
#include "sources/kernel_symbols.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tcptwin::sources {
namespace {

KernelSymbols parse(const std::string& text) {
  std::istringstream stream{text};
  return parse_kernel_symbols(stream);
}

TEST(KernelSymbolsTest, handlers_are_found_by_their_full_names) {
  const KernelSymbols symbols = parse(
      "ffffffff82008000 t __pfx_tw_timer_handler\n"
      "ffffffff82008010 t tw_timer_handler\n"
      "ffffffff82008020 t tw_timer_handler_other\n"
      "ffffffff8200a000 t reqsk_timer_handler\n"
      "ffffffffc0000000 t reqsk_queue_alloc\t[module]\n");
  EXPECT_EQ(symbols.time_wait_handler, 0xffffffff82008010u);
  EXPECT_EQ(symbols.request_handler, 0xffffffff8200a000u);
  EXPECT_TRUE(symbols.has_values);
}

TEST(KernelSymbolsTest, name_with_a_link_time_suffix_is_found) {
  EXPECT_EQ(parse("ffffffff82008010 t tw_timer_handler.llvm.1234567\n").time_wait_handler,
            0xffffffff82008010u);
}

TEST(KernelSymbolsTest, link_time_suffix_betrays_the_optimisation) {
  EXPECT_TRUE(parse("ffffffff82008010 t any_function.llvm.1234567\n").is_link_time_optimised);
  EXPECT_FALSE(parse("ffffffff82008010 t any_function.isra.0\n").is_link_time_optimised);
}

TEST(KernelSymbolsTest, softirq_function_ends_where_the_next_symbol_begins) {
  const KernelSymbols symbols = parse(
      "ffffffff81000000 T __do_softirq\n"
      "ffffffff81000020 t handle_softirqs\n"
      "ffffffff81000020 t an_alias\n"
      "ffffffff81000400 t next_function\n");
  EXPECT_EQ(symbols.softirq_begin, 0xffffffff81000020u);
  EXPECT_EQ(symbols.softirq_end, 0xffffffff81000400u);
}

TEST(KernelSymbolsTest, older_kernel_serves_softirqs_in_another_function) {
  const KernelSymbols symbols = parse(
      "ffffffff82000000 T __do_softirq\n"
      "ffffffff82000300 T __softirqentry_text_end\n");
  EXPECT_EQ(symbols.softirq_begin, 0xffffffff82000000u);
  EXPECT_EQ(symbols.softirq_end, 0xffffffff82000300u);
}

TEST(KernelSymbolsTest, hidden_addresses_are_listed_without_values) {
  const KernelSymbols symbols = parse(
      "0000000000000000 t tw_timer_handler\n"
      "0000000000000000 t reqsk_timer_handler\n");
  EXPECT_TRUE(symbols.is_listed);
  EXPECT_FALSE(symbols.has_values);
  EXPECT_EQ(symbols.time_wait_handler, 0u);
}

TEST(KernelSymbolsTest, text_that_is_no_list_yields_nothing) {
  for (const char* text : {"", "\n\n", "garbage", "x y", "zz z", "ffff \n"}) {
    const KernelSymbols symbols = parse(text);
    EXPECT_EQ(symbols.time_wait_handler, 0u) << text;
    EXPECT_FALSE(symbols.has_values) << text;
  }
}

}  // namespace
}  // namespace tcptwin::sources
