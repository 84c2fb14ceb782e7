#include "store/impl/okapi.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "store/impl/tokenizer.h"

namespace docmind::store {
namespace {

constexpr double kK1 = 1.2;
constexpr double kB = 0.75;

using Weights = std::vector<double>;  // idf per phrase: the same for all rows of a query.

int count_row(const Fts5ExtensionApi* /*api*/, Fts5Context* /*context*/, void* count) {
  ++*static_cast<std::int64_t*>(count);
  return SQLITE_OK;
}

// Worked out at a query's first row and kept by FTS5 until its end.
int weights_of(const Fts5ExtensionApi* api, Fts5Context* context, double rows, const Weights** out) {
  if (void* kept = api->xGetAuxdata(context, 0); kept != nullptr) {
    *out = static_cast<const Weights*>(kept);
    return SQLITE_OK;
  }
  auto* weights = new Weights();
  for (int phrase = 0; phrase < api->xPhraseCount(context); ++phrase) {
    std::int64_t holders = 0;
    if (const int code = api->xQueryPhrase(context, phrase, &holders, count_row); code != SQLITE_OK) {
      delete weights;
      return code;
    }
    const auto n = std::min(static_cast<double>(holders), rows);
    weights->push_back(std::log(1 + (rows - n + 0.5) / (n + 0.5)));
  }
  *out = weights;
  return api->xSetAuxdata(context, weights, [](void* kept) { delete static_cast<Weights*>(kept); });
}

int term_frequency(const Fts5ExtensionApi* api, Fts5Context* context, int phrase, double* out) {
  Fts5PhraseIter place;
  int column = 0;
  int offset = 0;
  const int code = api->xPhraseFirst(context, phrase, &place, &column, &offset);
  for (*out = 0; code == SQLITE_OK && column >= 0; api->xPhraseNext(context, &place, &column, &offset)) ++*out;
  return code;
}

int score_row(const Fts5ExtensionApi* api, Fts5Context* context, double rows, double average, double* score) {
  const Weights* weights = nullptr;
  int code = weights_of(api, context, rows, &weights);
  int length = 0;
  if (code == SQLITE_OK) code = api->xColumnSize(context, -1, &length);
  for (std::size_t phrase = 0; code == SQLITE_OK && phrase < weights->size(); ++phrase) {
    double tf = 0;
    code = term_frequency(api, context, static_cast<int>(phrase), &tf);
    *score += (*weights)[phrase] * tf * (kK1 + 1) / (tf + kK1 * (1 - kB + kB * length / average));
  }
  return code;
}

void okapi(const Fts5ExtensionApi* api, Fts5Context* context, sqlite3_context* result, int count,
           sqlite3_value** arguments) {
  if (count != 2) return sqlite3_result_error(result, "okapi takes the number of rows and their average length", -1);
  const double rows = sqlite3_value_double(arguments[0]);
  const double average = std::max(sqlite3_value_double(arguments[1]), 1e-9);
  double score = 0;
  const int code = score_row(api, context, rows, average, &score);
  if (code != SQLITE_OK) return sqlite3_result_error_code(result, code);
  sqlite3_result_double(result, score);
}

}  // namespace

Result<> register_okapi(sqlite3* connection) {
  fts5_api* api = find_fts5(connection);
  if (api == nullptr || api->xCreateFunction(api, "okapi", nullptr, okapi, nullptr) != SQLITE_OK) {
    return Error{Code::kInternal, "The full-text index cannot be set up.", ""};
  }
  return {};
}

}  // namespace docmind::store
