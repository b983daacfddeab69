// SPDX-License-Identifier: MIT
#include "lab/catalogue.h"

#include <array>

namespace tcptwin::lab {
namespace {

using P = Property;

constexpr std::array kWorlds = {
    Bounds{
        .name = "client-server",
        .about = "one connection, text both ways, any loss; either side may close first",
        .scripts = {Script{.connects = true, .texts = 1, .iss = {1, 1}},
                    Script{.listens = true, .texts = 1, .iss = {1, 1}}},
        .capacity = 2,
        .claims = PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::OldSegment,
                              P::CanEnd, P::Closes},
    },
    Bounds{
        .name = "crossing",
        .about = "both ends open at once and close at once; any loss, a copy",
        .scripts = {Script{.connects = true, .closes_early = true, .iss = {1, 1}},
                    Script{.connects = true, .closes_early = true, .iss = {1, 1}}},
        .capacity = 2,
        .duplicates = 1,
        .symmetric = true,
        .claims = PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::OldSegment,
                              P::CanEnd, P::Opens, P::Closes},
    },
    Bounds{
        .name = "lost-segment",
        .about = "one connection; any one segment is lost, MSL and retransmission are kept",
        .scripts = {Script{.connects = true, .texts = 1, .iss = {1, 1}},
                    Script{.listens = true, .listens_at_once = true, .texts = 1, .iss = {1, 1}}},
        .capacity = 2,
        .losses = 1,
        .pace = Pace::Prompt,
        .has_time = true,
        .claims = PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::OldSegment,
                              P::OrderlyClose},
    },
    Bounds{
        .name = "old-syn",
        .about = "a copy of a SYN outlives its connection; the server listens twice",
        .scripts = {Script{.connects = true, .opens = 2, .iss = {1, 5}},
                    Script{.listens = true, .listens_at_once = true, .opens = 2, .iss = {1, 5}}},
        .capacity = 2,
        .duplicates = 1,
        .pace = Pace::Ticks,
        .has_time = true,
        .heeds_rst_in_time_wait = false,
        .claims =
            PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::OldSegment, P::CanEnd},
    },
    Bounds{
        .name = "old-text",
        .about = "two connections in turn; the second begins with numbers that the first has used",
        .scripts = {Script{.connects = true, .opens = 2, .texts = 2, .iss = {1, 2}},
                    Script{.listens = true, .listens_at_once = true, .opens = 2, .iss = {1, 5}}},
        .capacity = 2,
        .losses = 1,
        .pace = Pace::Prompt,
        .has_time = true,
        .heeds_rst_in_time_wait = false,
        .claims = PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::OldSegment},
    },
    Bounds{
        .name = "reopening",
        .about = "a newer SYN reopens TIME-WAIT (MAY-2)",
        .scripts = {Script{.connects = true, .opens = 2, .iss = {1, 5}},
                    Script{.listens = true, .listens_at_once = true, .opens = 2, .iss = {1, 5}}},
        .capacity = 2,
        .pace = Pace::Ticks,
        .has_time = true,
        .claims = PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::CanEnd},
    },
    Bounds{
        .name = "hardship",
        .about = "aborts, time-outs, ICMP errors, foreign segments; text for a reader who has left",
        .scripts = {Script{.listens = true,
                           .connects = true,
                           .texts = 1,
                           .closes_early = true,
                           .reads_after_close = false,
                           .iss = {1, 1}},
                    Script{.listens = true,
                           .connects = true,
                           .texts = 1,
                           .closes_early = true,
                           .reads_after_close = false,
                           .iss = {1, 1}}},
        .capacity = 2,
        .hardships = 1,
        .symmetric = true,
        .claims = PropertySet{P::Answered, P::Meaning, P::Agreement, P::OldSyn, P::CanEnd},
    },
};

}  // namespace

std::span<const Bounds> catalogue() {
  return kWorlds;
}

const Bounds& world_named(std::string_view name) {
  for (const Bounds& bounds : kWorlds) {
    if (bounds.name == name) return bounds;
  }
  return kWorlds.front();
}

}  // namespace tcptwin::lab
