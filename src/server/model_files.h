// What the routes below /api/models ask for: the model files of this machine, whether one fits, and work on them. `app`
// has the rooms that know. What goes in has the shape that the table of routes declares, and so has what comes out.
//
// Thread safety: every method from any thread.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "server/model_jobs.h"

namespace docmind::server {

class ModelFiles {
 public:
  virtual ~ModelFiles() = default;

  virtual Result<boost::json::array> list() = 0;  // As `docmind models list --json`.
  // Whether a chat model fits with a context, and when not, what would. Loads nothing.
  virtual Result<boost::json::object> plan(const boost::json::object& asked, Deadline deadline,
                                           std::stop_token stop) = 0;
  // The work, checked as far as that takes nothing but what was asked: kInvalidArgument, kConflict (a name is taken).
  virtual Result<JobWork> pull(const boost::json::object& asked) = 0;
  virtual Result<JobWork> import(const boost::json::object& asked) = 0;
  virtual Result<> remove(const std::string& name) = 0;  // kNotFound; kConflict while a setting names it.
};

// For RoutesOptions: both outlive the routes.
struct ModelFileAccess {
  ModelFiles* files = nullptr;  // Null: there are none, and no jobs.
  ModelJobs* jobs = nullptr;
};

}  // namespace docmind::server
