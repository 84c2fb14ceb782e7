// The part of a trace that a run is replayed from: what was asked and with which options, what the search brought, what
// the chat model answered. Passages are kept as ids and numbers and read from the library again, so that a recording
// holds no words of documents but those that a model wrote, that a set was counted under, or that the turns before
// have.
//
// Format: docs/formats/trace.md. Thread safety: any; a Snapshot belongs to its thread. Bounded: a recording longer than
// kMostRecorded is not kept.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>

#include "agents/trace.h"
#include "base/result.h"
#include "library/library.h"

namespace docmind::agents {

inline constexpr std::size_t kMostRecorded = 1U << 20U;  // Bytes of JSON.

// Null when it is not whole.
boost::json::value recording_of(const Trace& trace);
// What the model was asked and said, call by call; shown by itself as well.
boost::json::value calls_of(const ModelRecord& model);

// From a trace as it is stored: all but the draft. Errors: kNotFound (it has no recording), kConflict (a document it
// rests on was changed or deleted), kDataLoss (it is broken), those of the library.
Result<Trace> read_recording(const boost::json::value& trace, library::Snapshot& at);

}  // namespace docmind::agents
