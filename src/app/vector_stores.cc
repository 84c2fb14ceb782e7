#include "app/vector_stores.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "app/remote_hosts.h"
#include "base/hash.h"
#include "net/address.h"
#include "retrieval/library_vectors.h"
#include "vectors/pgvector/pgvector.h"
#include "vectors/qdrant/qdrant.h"

namespace docmind::app {
namespace {

constexpr std::size_t kNameDigits = 12;
constexpr auto kExaminedFor = std::chrono::seconds(5);
constexpr std::string_view kSetting = "vectors.url";

Result<net::Address> qdrant_address(const config::Settings& settings) {
  net::Address address = DM_TRY(net::address_of(settings.vectors.url).with(kSetting));
  DM_TRY(check_host(kSetting, address.endpoint.host, settings));
  return address;
}

bool is_here(const std::string& host) { return host.starts_with('/') || net::is_loopback({.host = host}); }

Result<vectors::Place> postgres_place(const config::Settings& settings) {
  vectors::Place place = DM_TRY(vectors::place_of(settings.vectors.url).with(kSetting));
  if (!is_here(place.host)) DM_TRY(check_host(kSetting, place.host, settings));
  if (settings.vectors.search == "binary") {
    return Error{Code::kInvalidArgument, "vectors.search is binary, which PostgreSQL does not have here",
                 "Set it to exact or graph."};
  }
  return place;
}

Result<vectors::QdrantOptions> qdrant_options(const config::Settings& settings) {
  net::Address address = DM_TRY(qdrant_address(settings));
  const std::string& search = settings.vectors.search;
  return vectors::QdrantOptions{.endpoint = std::move(address.endpoint),
                                .path = std::move(address.path),
                                .api_key = settings.vectors.api_key,
                                .prefix = settings.vectors.prefix,
                                .search = search == "exact"   ? vectors::Search::kExact
                                          : search == "graph" ? vectors::Search::kGraph
                                                              : vectors::Search::kBinary,
                                .shards = settings.vectors.shards,
                                .replicas = settings.vectors.replicas};
}

Result<vectors::PgvectorOptions> pgvector_options(const config::Settings& settings) {
  using Search = vectors::PgvectorOptions::Search;
  return vectors::PgvectorOptions{.place = DM_TRY(postgres_place(settings)),
                                  .password = settings.vectors.api_key,
                                  .prefix = settings.vectors.prefix,
                                  .search = settings.vectors.search == "graph" ? Search::kGraph : Search::kExact};
}

}  // namespace

Result<> check_vector_stores(const config::Settings& settings) {
  if (settings.vectors.store == "embedded") return {};
  const vectors::Collection any{.name = settings.vectors.prefix};
  DM_TRY(vectors::check(any).with("vectors.prefix"));
  if (settings.vectors.store == "qdrant") (void)DM_TRY(qdrant_options(settings));
  if (settings.vectors.store == "pgvector") (void)DM_TRY(pgvector_options(settings));
  return {};
}

std::string own_name(const std::filesystem::path& data) {
  std::array<char, 256> machine{};
  (void)::gethostname(machine.data(), machine.size() - 1);
  return Hasher().field(machine.data()).field(data.string()).finish().hex().substr(0, kNameDigits);
}

Result<std::string> examine_vector_stores(const config::Settings& settings, const std::filesystem::path& data,
                                          const Clock& clock, Deadline deadline, std::stop_token stop) {
  const auto stores = DM_TRY(VectorStores::open(settings, clock));
  const auto chunks = DM_TRY(stores->store(retrieval::outside("chunks_" + own_name(data)), kExaminedFor));
  const auto count = chunks->count(deadline, std::move(stop));
  if (count) return fmt::format("{}: {} chunks of this library", stores->where(), *count);
  // It answers; with a hint it is more that is not there: the database.
  if (count.error().code != Code::kNotFound || !count.error().hint.empty()) return count.error();
  return stores->where() + ": nothing of this library yet";
}

Result<std::unique_ptr<VectorStores>> VectorStores::open(const config::Settings& settings, const Clock& clock) {
  DM_TRY(check_vector_stores(settings));
  std::unique_ptr<VectorStores> out(new VectorStores(settings, clock));
  std::string host;
  if (settings.vectors.store == "qdrant") {
    host = DM_TRY(qdrant_address(settings)).endpoint.host;
    const net::Reach reach = is_here(host) ? net::Reach::kThisMachine : net::Reach::kAnywhere;
    out->client_ = DM_TRY(net::Client::open({.reach = reach, .connect_timeout = std::chrono::seconds(2)}));
  } else {
    host = DM_TRY(postgres_place(settings)).host;
  }
  out->where_ = DM_TRY(out->store({.name = "any"}, std::chrono::seconds(1)))->where();
  if (!is_here(host)) out->sends_text_to_ = out->where_;
  return out;
}

Result<std::unique_ptr<vectors::Store>> VectorStores::store(vectors::Collection collection, Duration timeout) const {
  if (client_) {
    vectors::QdrantOptions options = DM_TRY(qdrant_options(settings_));
    options.timeout = timeout;
    return std::unique_ptr<vectors::Store>(
        DM_TRY(vectors::Qdrant::open(std::move(options), std::move(collection), *client_, clock_)));
  }
  vectors::PgvectorOptions options = DM_TRY(pgvector_options(settings_));
  options.timeout = timeout;
  return std::unique_ptr<vectors::Store>(
      DM_TRY(vectors::Pgvector::open(std::move(options), std::move(collection), clock_)));
}

}  // namespace docmind::app
