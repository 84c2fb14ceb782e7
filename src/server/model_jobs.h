// Work on model files that takes long, pulls and imports: it goes on in this process whoever watches, and what became
// of it is kept until newer ones crowd it out. One job at a time.
//
// Thread safety: every method from any thread. Sizes are bytes.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"

namespace docmind::server {

// How a job says what happens to it, on its own thread.
struct JobTold {
  std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)> progress;
  std::function<void(const Error& why, Duration pause)> waits;  // Before it tries again.
};
// Gives the card of the model that it made; kCancelled after a stop.
using JobWork = std::function<Result<boost::json::object>(const JobTold&, std::stop_token)>;

class ModelJobs {
 public:
  // kResourceExhausted when the machine refuses a thread. `clock` and `rng` outlive it; rng is used from any thread.
  static Result<std::unique_ptr<ModelJobs>> open(const Clock& clock, Rng& rng);
  ~ModelJobs();  // Stops the one that is going on and waits for it.
  ModelJobs(const ModelJobs&) = delete;
  ModelJobs& operator=(const ModelJobs&) = delete;

  // `asked`: by which it can be begun again, and takes the place of one that asked for the same. kConflict while
  // another is going on.
  Result<boost::json::object> start(std::string kind, boost::json::object asked, JobWork work);
  boost::json::array all() const;  // The newest first.
  // As it was when it was told to stop; one that has ended stays as it is. kNotFound.
  Result<boost::json::object> stop(std::string_view id);

 private:
  struct State;
  explicit ModelJobs(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::server
