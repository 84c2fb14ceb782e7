// The direct route: a question that names a page or a section of a document (asked_place.h) is answered from that very
// place. Asked what stands there, it is read from its beginning to its end, none of it ranked; asked something about
// it, its sentences are the only candidates of the ordinary scoring.
//
// Which document: the one with that path, file name or title among those that the filter leaves; without a name the one
// that the filter leaves. None, or several: the question is searched as any other, as it is with a section that the
// document does not have. A page that it does not have is said. Thread safety: like the Snapshot.
#pragma once
#include <optional>
#include <stop_token>
#include <string_view>

#include "agents/query_router.h"
#include "agents/retrieval_expert.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/library.h"
#include "retrieval/index.h"

namespace docmind::agents {

inline constexpr std::uint64_t kMostRead = 16U << 10U;  // Bytes of a place that one answer reads.
inline constexpr std::size_t kMostReadClaims = 100;

// Exhaustive::operation of a place that was read.
inline constexpr std::string_view kReading = "read";

// query_router over a library: route(), but direct only where there is such a document. Errors: of either.
Result<Routing> route_in(std::string_view question, const retrieval::Filter& filter, library::Snapshot& at);

// Nothing when the part names no place, or none that is there: see above. Errors: those of the library and the index.
Result<std::optional<Evidence>> read_place(const Part& part, const retrieval::Filter& filter, library::Library& library,
                                           retrieval::Index& index, const RetrievalOptions& options, Deadline deadline,
                                           std::stop_token stop);

}  // namespace docmind::agents
