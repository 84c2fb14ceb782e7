// okapi(table, rows, average): an FTS5 ranking function, BM25 (Robertson and Zaragoza 2009) with k1 = 1.2, b = 0.75.
//
// FTS5's own bm25() takes the number of rows and their average length from counters that deleting from a contentless
// table does not lower, so its scores drift; here both are arguments. The score is positive, higher is better:
//   sum over phrases of ln(1 + (rows - n + 0.5) / (n + 0.5)) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length /
//   average))
// n: rows that hold the phrase; length: terms of the row in all columns, colocated ones not counted.
#pragma once
#include "base/result.h"

struct sqlite3;

namespace docmind::store {

Result<> register_okapi(sqlite3* connection);

}  // namespace docmind::store
