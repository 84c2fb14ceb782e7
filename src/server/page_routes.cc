#include "server/page_routes.h"

#include "web/files.h"

namespace docmind::server {
namespace {

// Nothing from elsewhere, nothing inline, no text as HTML but through the named policies: Svelte's templates, and
// none else (https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/trusted-types/).
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
constexpr std::string_view kForever = "public, max-age=31536000, immutable";

net::Response file_response(int status, const web::File& file, const net::Request& request) {
  const std::string etag = "\"" + std::string(file.hash) + "\"";
  net::Response response{.status = status,
                         .headers = {{"Content-Type", std::string(file.type)},
                                     {"ETag", etag},
                                     {"Cache-Control", std::string(file.compressed ? kForever : "no-cache")},
                                     {"Content-Security-Policy", std::string(kPolicy)},
                                     {"Referrer-Policy", "no-referrer"},
                                     {"Cross-Origin-Opener-Policy", "same-origin"},
                                     {"Cross-Origin-Resource-Policy", "same-origin"},
                                     {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}}};
  if (status == 200 && request.headers.find("If-None-Match") == etag) {
    response.status = 304;
    return response;
  }
  if (file.compressed) response.headers.set("Content-Encoding", "gzip");
  response.body = file.bytes;
  return response;
}

bool from_a_browser(const net::Request& request) {
  return request.headers.find("Accept").value_or("").find("text/html") != std::string_view::npos;
}

}  // namespace

std::optional<net::Response> page_response(const net::Request& request) {
  const std::string& path = request.target.path;
  if (path.starts_with("/assets/")) {
    const web::File* file = web::find(path);
    if (file == nullptr) return std::nullopt;
    return file_response(200, *file, request);
  }
  const bool known = web::is_page(path);
  if (!known && !from_a_browser(request)) return std::nullopt;
  return file_response(known ? 200 : 404, *web::find("/index.html"), request);
}

}  // namespace docmind::server
