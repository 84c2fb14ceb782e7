// When memory does not suffice: what the engine says then, and what its process ends with.
//
// Before anything is served it is kResourceExhausted from serve(). Later, what libllama and the scheduler hold is not
// to be trusted any more: what they work on is answered with kUnavailable, whose body has the code "out_of_memory". In
// both cases the process ends, with kOutOfMemoryExit, and whoever started it may start it smaller. kUnavailable means
// nothing else in this process. Thread safety: pure functions.
#pragma once
#include <string>

#include "base/error.h"
#include "net/http.h"

namespace docmind::engine {

constexpr int kOutOfMemoryExit = 12;  // ENOMEM.

Error out_of_memory();                          // kUnavailable.
bool ends_the_engine(const Error& error);       // Whether it is that one.
net::Response error_reply(const Error& error);  // As net::error_response, but with "out_of_memory".
std::string error_event(const Error& error);    // Its body.

}  // namespace docmind::engine
