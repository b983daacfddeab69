// SPDX-License-Identifier: MIT
#include "sinks/diagram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "model/reference_fsm.h"
#include "sinks/diagram_dot.h"
#include "sinks/diagram_svg.h"
#include "sinks/diagram_text.h"
#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::sinks {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using enum model::State;
using model::Cause;
using model::MirrorState;
using model::Verdict;
using system::Repertoire;

tracker::Step step(MirrorState from, MirrorState to, Cause cause,
                   Verdict verdict = Verdict::Conformant, std::string_view rule = "RFC 9293 3.10") {
  tracker::Step made = test::synack_step();
  made.from = from;
  made.to = to;
  made.cause = cause;
  made.verdict = verdict;
  made.rule = rule;
  return made;
}

const FigureArrow& arrow(model::State from, model::State to) {
  const auto arrows = figure_arrows();
  const auto found = std::ranges::find_if(
      arrows, [&](const FigureArrow& one) { return one.from == from && one.to == to; });
  if (found == arrows.end()) throw std::logic_error("no such arrow");
  return *found;
}

const FigureBox& box_at(Cell cell) {
  for (const FigureBox& box : figure_boxes()) {
    const int across = cell.column - box.corner.column;
    const int down = cell.row - box.corner.row;
    if (across >= 0 && across < kBoxWidth && down >= 0 && down < kBoxHeight) return box;
  }
  static const FigureBox kNone{Closed, {-1, -1}};
  return kNone;
}
bool is_in_a_box(Cell cell) {
  return box_at(cell).corner.column >= 0;
}

int sign(int number) {
  return (number > 0) - (number < 0);
}

TEST(DiagramFigure, each_arrow_is_what_the_table_says) {
  for (const FigureArrow& one : figure_arrows()) {
    for (const model::Stimulus stimulus : one.stimuli) {
      for (const model::Origin origin : {model::Origin::Passive, model::Origin::Active}) {
        const bool only_passive = one.from == SynReceived && one.to == Listen;
        if (only_passive && origin == model::Origin::Active) continue;
        const auto predicted = model::predict(one.from, stimulus, origin);
        ASSERT_TRUE(predicted);
        EXPECT_EQ(predicted->to, one.to) << one.words << " from " << name(one.from);
      }
    }
  }
}

TEST(DiagramFigure, each_row_of_the_table_is_an_arrow_or_in_the_list) {
  const auto ways = ways_beside_the_figure();
  for (const model::TransitionRow& row : model::kArrows) {
    const bool drawn = std::ranges::any_of(figure_arrows(), [&](const FigureArrow& one) {
      return one.stands_for(row.from, row.stimulus, row.to);
    });
    const bool listed = std::ranges::any_of(ways, [&](const Way& way) {
      return way.what == name(row.stimulus) && way.to.state == row.to &&
             std::ranges::count(way.from, MirrorState{row.from}) > 0;
    });
    EXPECT_NE(drawn, listed) << name(row.from) << ", " << name(row.stimulus);
  }
}

TEST(DiagramFigure, arrows_lead_from_their_box_to_their_box_and_through_none) {
  for (const FigureArrow& one : figure_arrows()) {
    const auto way = one.way();
    const Cell first = way.front();
    const Cell second = way[1];
    const Cell origin{first.column - sign(second.column - first.column),
                      first.row - sign(second.row - first.row)};
    EXPECT_EQ(box_at(origin).state, one.from) << one.words;
    const Cell last = way.back();
    const Cell before = way[way.size() - 2];
    const Cell target{last.column + sign(last.column - before.column),
                      last.row + sign(last.row - before.row)};
    EXPECT_EQ(box_at(target).state, one.to) << one.words;
    for (std::size_t i = 1; i < way.size(); ++i) {
      ASSERT_TRUE(way[i].column == way[i - 1].column || way[i].row == way[i - 1].row);
      for (Cell cell = way[i - 1]; cell.column != way[i].column || cell.row != way[i].row;) {
        EXPECT_FALSE(is_in_a_box(cell)) << one.words;
        cell.column += sign(way[i].column - cell.column);
        cell.row += sign(way[i].row - cell.row);
      }
    }
  }
}

TEST(DiagramText, no_words_are_hidden_by_lines_or_boxes) {
  const std::string text = diagram_text(nullptr, Repertoire::Ascii, Colour::Never);
  for (const FigureArrow& one : figure_arrows()) EXPECT_THAT(text, HasSubstr(one.words));
  for (const FigureBox& box : figure_boxes()) {
    EXPECT_THAT(text, HasSubstr(rfc_name(box.state)));
  }
  EXPECT_EQ(text.find_first_not_of("\n -+|<>^v.,():_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789"),
            std::string::npos);
}

TEST(DiagramText, fits_eighty_columns) {
  DiagramCounts counts;
  counts.on_step(step({FinWait2}, {FinWait2, model::Holder::Minisocket},
                      Cause::OrphanFinWait2Handover, Verdict::Deviation, "L03"));
  for (const std::string& text : {diagram_text(nullptr, Repertoire::Ascii, Colour::Never),
                                  diagram_text(&counts, Repertoire::Ascii, Colour::Never)}) {
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', begin)) {
      EXPECT_LE(end - begin, 80u) << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

TEST(Diagram, each_step_is_counted_once_on_its_arrow_or_beside) {
  DiagramCounts counts;
  for (int i = 0; i < 3; ++i) {
    counts.on_step(step({Established}, {FinWait1}, Cause::LocalClose));
  }
  counts.on_step(step({Established}, {Closed}, Cause::RstReceived));
  counts.on_step(step({Listen}, {SynReceived, model::Holder::RequestSocket}, Cause::SynReceived));
  counts.on_step(step({SynReceived, model::Holder::RequestSocket}, {SynReceived},
                      Cause::ChildFromRequest, Verdict::Deviation, "L12"));
  EXPECT_EQ(counts.along(arrow(Established, FinWait1)), 3u);
  EXPECT_EQ(counts.along(arrow(Listen, SynReceived)), 1u);
  std::uint64_t sum = 0;
  for (const FigureArrow& one : figure_arrows()) sum += counts.along(one);
  const auto ways = counts.other_ways();
  ASSERT_EQ(ways.size(), 2u);
  for (const Way& way : ways) sum += way.count;
  EXPECT_EQ(sum, counts.steps());
  const std::string text = diagram_text(&counts, Repertoire::Ascii, Colour::Never);
  EXPECT_THAT(text, HasSubstr("child_from_request L12       NEW_SYN_RECV -> SYN_RECV"));
}

TEST(Diagram, what_nothing_explains_comes_first_and_is_red) {
  DiagramCounts counts;
  for (int i = 0; i < 9; ++i) counts.on_step(step({Established}, {Closed}, Cause::RstReceived));
  counts.on_step(step({Established}, {FinWait1}, Cause::Unexplained, Verdict::Divergence, ""));
  tracker::Divergence divergence = test::bare_divergence();
  divergence.kind = model::DivergenceKind::UnjustifiedEdge;
  counts.on_divergence(divergence);  // the step said it already
  divergence.kind = model::DivergenceKind::Ghost;
  divergence.from = {TimeWait};
  counts.on_divergence(divergence);
  EXPECT_EQ(counts.along(arrow(Established, FinWait1)), 0u);
  EXPECT_EQ(counts.divergent_along(arrow(Established, FinWait1)), 1u);
  const auto ways = counts.other_ways();
  ASSERT_EQ(ways.size(), 3u);
  EXPECT_EQ(ways[0].kind, WayKind::Divergence);
  EXPECT_EQ(ways[1].kind, WayKind::Divergence);
  EXPECT_EQ(ways[2].count, 9u);
  EXPECT_THAT(diagram_text(&counts, Repertoire::Unicode, Colour::Always),
              HasSubstr("\x1b[1;31m!1"));
  EXPECT_THAT(diagram_svg(&counts), HasSubstr("way wrong"));
  EXPECT_THAT(diagram_dot(&counts), HasSubstr("penwidth=3"));
}

TEST(Diagram, unproved_steps_take_no_arrow) {
  DiagramCounts counts;
  counts.on_step(step({Established}, {FinWait1}, Cause::LocalClose, Verdict::Gap, ""));
  EXPECT_EQ(counts.along(arrow(Established, FinWait1)), 0u);
  ASSERT_EQ(counts.other_ways().size(), 1u);
  EXPECT_EQ(counts.other_ways().front().kind, WayKind::Unproven);
}

TEST(DiagramSvg, is_whole_and_brings_nothing_from_outside) {
  DiagramCounts counts;
  counts.on_step(step({Established}, {Closed}, Cause::RstReceived));
  for (const std::string& text : {diagram_svg(nullptr), diagram_svg(&counts)}) {
    EXPECT_TRUE(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    EXPECT_TRUE(text.ends_with("</svg>\n"));
    EXPECT_THAT(text, Not(HasSubstr("href")));
    EXPECT_THAT(text, Not(HasSubstr("nan")));
  }
  EXPECT_THAT(diagram_svg(&counts), HasSubstr("ESTABLISHED -&gt; CLOSE"));
}

TEST(DiagramSvg, in_the_documents_is_the_one_that_is_printed) {
  test::expect_golden("../../docs/diagram.svg", diagram_svg(nullptr));
}

TEST(DiagramText, is_the_golden_one) {
  DiagramCounts counts;
  counts.on_step(step({Established}, {FinWait1}, Cause::LocalClose));
  counts.on_step(step({Established}, {Closed}, Cause::RstReceived));
  test::expect_golden("terminal/diagram.txt",
                      diagram_text(nullptr, Repertoire::Unicode, Colour::Never) +
                          diagram_text(&counts, Repertoire::Ascii, Colour::Always));
}

}  // namespace
}  // namespace tcptwin::sinks
