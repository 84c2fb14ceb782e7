// What SQLite does on the disk of a folder: its journal, and readers beside writers.
//
// Thread safety: a plain function that starts threads and joins them. The file it makes stays.
#pragma once
#include <filesystem>
#include <stop_token>

#include "base/clock.h"
#include "validate/report.h"

namespace docmind::validate {

// database_wal, database_concurrent: five readers and two writers, as the specification has them.
void measure_database(const std::filesystem::path& folder, const Clock& clock, const std::stop_token& stop,
                      Measurements& out);

}  // namespace docmind::validate
