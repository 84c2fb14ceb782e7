// A TCP port of 127.0.0.1 for a server that we start: whether it is free, or any that is.
//
// Somebody else may take it before the server does; whoever starts servers has to bear that.
#pragma once
#include <cstdint>

#include "base/result.h"

namespace docmind::net {

// `wanted`, or any free one for 0. kConflict when another program has it.
Result<std::uint16_t> free_port(std::uint16_t wanted);

}  // namespace docmind::net
