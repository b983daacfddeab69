// SPDX-License-Identifier: MIT
#include "tracker/finding.h"

namespace tcptwin::tracker {

std::string_view label(Role role) {
  switch (role) {
    case Role::Unknown:
      return "unknown";
    case Role::Active:
      return "active";
    case Role::Passive:
      return "passive";
    case Role::Listener:
      return "listener";
  }
  return "";
}

std::string_view label(OwnerConfidence confidence) {
  switch (confidence) {
    case OwnerConfidence::None:
      return "none";
    case OwnerConfidence::Acted:
      return "acted";
    case OwnerConfidence::LastUser:
      return "last_user";
    case OwnerConfidence::Listener:
      return "listener";
  }
  return "";
}

std::string_view label(ObservedBy observed_by) {
  switch (observed_by) {
    case ObservedBy::Tracepoint:
      return "tracepoint";
    case ObservedBy::Evidence:
      return "evidence";
    case ObservedBy::Iterator:
      return "iterator";
    case ObservedBy::Exact:
      return "exact";
  }
  return "";
}

std::string_view label(LossPlace place) {
  switch (place) {
    case LossPlace::RingBuffer:
      return "ring_buffer";
    case LossPlace::Recursion:
      return "recursion";
    case LossPlace::Malformed:
      return "malformed";
    case LossPlace::Table:
      return "table";
    case LossPlace::Unseen:
      return "unseen";
  }
  return "";
}

}  // namespace tcptwin::tracker
