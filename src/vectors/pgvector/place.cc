#include <libpq-fe.h>

#include <charconv>
#include <memory>
#include <utility>

#include "vectors/pgvector/pgvector.h"

namespace docmind::vectors {
namespace {

Error wrong(std::string message) {
  return {Code::kInvalidArgument, std::move(message),
          "Write it as postgresql://USER@HOST:PORT/DATABASE, and the password into vectors.api_key."};
}

struct Free {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

}  // namespace

Result<Place> place_of(std::string_view url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    return wrong("it is no postgresql:// address");
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(std::string(url).c_str(), &why));
  const std::unique_ptr<char, void (*)(void*)> owned(why, PQfreemem);
  if (!options) return wrong("it is no address of a PostgreSQL");  // libpq's words may hold a password.
  Place place;
  std::string port = "5432";
  const std::pair<std::string_view, std::string*> taken[] = {
      {"host", &place.host},       {"port", &port},
      {"user", &place.user},       {"dbname", &place.database},
      {"sslmode", &place.sslmode}, {"sslrootcert", &place.sslrootcert}};
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->val == nullptr) continue;
    const std::string_view name = one->keyword;
    if (name == "password") return wrong("it has a password in it, which would be shown");
    std::string* member = nullptr;
    for (const auto& [known, to] : taken) member = known == name ? to : member;
    if (member == nullptr) return wrong("it sets " + std::string(name) + ", which is not taken from there");
    *member = one->val;
  }
  if (place.host.empty() || place.user.empty() || place.database.empty()) {
    return wrong("it lacks a host, a user or a database");
  }
  if (place.host.find(',') != std::string::npos) return wrong("it names several hosts");
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), place.port);
  if (failed != std::errc() || end != port.data() + port.size() || place.port == 0) return wrong("its port is none");
  return place;
}

}  // namespace docmind::vectors
