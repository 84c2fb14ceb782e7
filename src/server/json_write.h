// The product's values as the JSON objects that every program outside relies on (docs/api.md).
//
// Pure functions. Field names, their order and what is null are the contract: the command line's --json is the same.
#pragma once
#include <boost/json/value.hpp>

#include "service/service.h"

namespace docmind::server {

boost::json::value to_json(const service::Answer& answer);
boost::json::value to_json(const agents::Claim& claim);
boost::json::value to_json(const agents::DocumentPart& part);
boost::json::value to_json(const cache::AnswerCacheStats& stats);
boost::json::value to_json(const service::SearchResult& result);
boost::json::value to_json(const service::Summary& summary);
boost::json::value to_json(const service::Progress& progress);
boost::json::value to_json(const service::DocumentInfo& document);
boost::json::value to_json(const service::LibraryInfo& library);
boost::json::value to_json(const service::Verification& verification);
boost::json::value to_json(const service::AgentTotals& totals);
boost::json::value to_json(const std::vector<service::Check>& checks);  // An array.

// With since when, what it failed with last, and what stands in for it. An array.
boost::json::value checks_with_history(const std::vector<service::Check>& checks);

std::string_view name(service::CheckStatus status);        // "ok", "degraded" or "failed"
std::string_view health_name(service::CheckStatus worst);  // Of the whole: "healthy", "degraded" or "unhealthy".
service::CheckStatus worst(const std::vector<service::Check>& checks);

}  // namespace docmind::server
