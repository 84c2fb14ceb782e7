// When memory does not suffice: what the engine says then, and what its process ends with.
//
// Three cases. Before anything is served it is kResourceExhausted from serve(). A single request that is too large for
// the memory is kResourceExhausted too (413), and the engine goes on. When libllama or the scheduler has run out, its
// state is not to be trusted any more: what it has is answered with kUnavailable, whose body has the code
// "out_of_memory", and the process ends. In the first and the last case it does so with kOutOfMemoryExit, and whoever
// started it may start it smaller. kUnavailable means nothing else in this process. Thread safety: pure functions.
#pragma once
#include <string>

#include "base/error.h"
#include "net/http.h"

namespace docmind::engine {

constexpr int kOutOfMemoryExit = 12;  // ENOMEM.

Error out_of_memory();                          // kUnavailable.
bool ends_the_engine(const Error& error);       // Whether it is that one.
Error too_large_for_memory();                   // kResourceExhausted: of one request.
net::Response error_reply(const Error& error);  // As net::error_response, but with "out_of_memory".
std::string error_event(const Error& error);    // Its body.

}  // namespace docmind::engine
