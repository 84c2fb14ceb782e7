// Evidence as a recording keeps it: ids and numbers in place of texts, which are read from the library again.
//
// Pure but for the library. Numbers read back the same to the last bit.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "agents/retrieval_expert.h"
#include "base/result.h"
#include "library/library.h"

namespace docmind::agents {

boost::json::object to_json(const Evidence& evidence);

// Errors: kConflict when a passage is not in the library any more; those of the library. What is broken otherwise
// counts as nothing.
Result<Evidence> evidence_in(const boost::json::value& recorded, library::Snapshot& at);

}  // namespace docmind::agents
