// SPDX-License-Identifier: MIT
// The records of a census (TCPTWIN_EXISTING_SOCKET and those that frame it) to observations, for
// decode, which has checked their size.
#pragma once

#include "sources/wire_fields.h"

namespace tcptwin::sources {

Decoded decode_record(const tcptwin_existing_socket& record);
Decoded decode_record(const tcptwin_socket_holder& record);
Decoded decode_record(const tcptwin_census& record);

}  // namespace tcptwin::sources
