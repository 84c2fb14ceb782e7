// trace and performance_logs: what happened, the newest so many.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "library/library.h"
#include "store/database.h"

namespace docmind::library {

struct TraceRow {
  std::string_view id;
  std::string_view json;
  std::int64_t created_ms = 0;
  std::span<const std::int64_t> documents;
};

Result<> insert_trace(store::Transaction& to, const TraceRow& trace, std::uint32_t keep);
Result<std::string> read_trace(store::Source& from, std::string_view id);
// Traces that quote the document. How many went.
Result<std::uint64_t> delete_traces_of(store::Transaction& to, std::int64_t document);

Result<> delete_traces(store::Transaction& to, std::span<const std::string> ids);

Result<> insert_performance(store::Transaction& to, std::span<const Library::Performance> lines, std::uint32_t keep);
Result<std::vector<PerformanceRow>> read_performance(store::Source& from, std::string_view operation,
                                                     std::uint32_t limit);

}  // namespace docmind::library
