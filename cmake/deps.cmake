# Third parties as targets. Never touches the network: ./dev setup has put everything under .deps/ or installed it.
set(deps ${CMAKE_SOURCE_DIR}/.deps)
execute_process(COMMAND sh -c "cat deps/apt.txt deps/apt-unpacked.txt deps/pip*.txt deps/npm/package-lock.json web/package-lock.json | sha256sum"
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE lists_now OUTPUT_STRIP_TRAILING_WHITESPACE)
if(EXISTS ${deps}/STAMP)
  file(STRINGS ${deps}/STAMP lists_then LIMIT_COUNT 1)
endif()
if(NOT lists_now STREQUAL "${lists_then}")
  message(FATAL_ERROR "The dependencies are missing or have changed: run ./dev setup.")
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CURL REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CLI11 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(PkgConfig REQUIRED)
foreach(name IN ITEMS libsodium libzstd icu-uc icu-i18n gumbo md4c pugixml libzip libpng uchardet libxxhash libhwy libpq hiredis pangocairo)
  string(REGEX REPLACE "[^a-z0-9]" "_" id ${name})
  pkg_check_modules(${id} REQUIRED IMPORTED_TARGET ${name})
endforeach()
# Headers alone: it is loaded when something is printed.
add_library(docmind_pango INTERFACE)
target_include_directories(docmind_pango SYSTEM INTERFACE ${pangocairo_INCLUDE_DIRS})
add_library(docmind_stemmer INTERFACE)
target_link_libraries(docmind_stemmer INTERFACE stemmer)

# SQLite3 Multiple Ciphers: one translation unit, plain and SQLCipher-compatible files. Symbols stay inside the binary,
# so that a system libsqlite3 pulled in by another library cannot clash with it.
add_library(docmind_sqlite STATIC ${deps}/sqlite/sqlite3.c)
target_include_directories(docmind_sqlite SYSTEM PUBLIC ${deps}/sqlite)
target_compile_definitions(docmind_sqlite PRIVATE SQLITE_THREADSAFE=2 SQLITE_DQS=0 SQLITE_TEMP_STORE=2
  SQLITE_DEFAULT_FOREIGN_KEYS=1 SQLITE_DEFAULT_WAL_SYNCHRONOUS=2 SQLITE_ENABLE_FTS5 SQLITE_LIKE_DOESNT_MATCH_BLOBS
  SQLITE_MAX_EXPR_DEPTH=200 SQLITE_OMIT_DEPRECATED SQLITE_OMIT_SHARED_CACHE SQLITE_USE_ALLOCA SQLITE_USER_AUTHENTICATION=0
  CODEC_TYPE=CODEC_TYPE_SQLCIPHER)
# Never sanitized: it is not our code, and takes minutes then.
target_compile_options(docmind_sqlite PRIVATE -w -g0 -O2 -fvisibility=hidden $<$<C_COMPILER_ID:Clang>:-fno-sanitize=all>)
target_link_libraries(docmind_sqlite PRIVATE Threads::Threads dl m)

# libllama and ggml as ./dev setup built them, or as DOCMIND_LLAMA_DIR brings them; the headers come from the hash-checked
# source package in either case, so what is brought must be of that version (the engine compares ggml's). What computes
# (libggml-cpu, libggml-cuda) is never linked by name: libggml needs or loads it.
set(llama_tree ${deps}/packages/llama_cpp_python/vendor/llama.cpp)
file(STRINGS ${llama_tree}/ggml/CMakeLists.txt ggml_version REGEX "^set\\(GGML_VERSION_(MAJOR|MINOR|PATCH) ")
list(TRANSFORM ggml_version REPLACE "[^0-9]" "")
list(JOIN ggml_version . ggml_version)
add_library(docmind_ggml INTERFACE)  # number formats and the model file's, without anything that computes
target_include_directories(docmind_ggml SYSTEM INTERFACE ${llama_tree}/ggml/include)
target_link_libraries(docmind_ggml INTERFACE ${deps}/llama/lib/libggml-base.so)
target_compile_definitions(docmind_ggml INTERFACE DOCMIND_GGML_VERSION="${ggml_version}")
# Its staging header alone, for what libllama says of its memory; the folder it lies in is full of internals.
configure_file(${llama_tree}/src/llama-ext.h ${CMAKE_BINARY_DIR}/llama-ext/llama-ext.h COPYONLY)
add_library(docmind_llama INTERFACE)
target_include_directories(docmind_llama SYSTEM INTERFACE ${llama_tree}/include ${CMAKE_BINARY_DIR}/llama-ext)
target_link_libraries(docmind_llama INTERFACE ${deps}/llama/lib/libllama.so ${deps}/llama/lib/libggml.so
  docmind_ggml)

# The template language of chat models, from the same source package, with bounds built in.
execute_process(COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/cmake/meter_jinja.py ${llama_tree}/common ${CMAKE_BINARY_DIR}/jinja
  COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/meter_jinja.py)
file(GLOB jinja_sources ${CMAKE_BINARY_DIR}/jinja/*.cpp ${CMAKE_BINARY_DIR}/jinja/jinja/*.cpp)
add_library(docmind_jinja STATIC ${jinja_sources})
target_include_directories(docmind_jinja SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/jinja PRIVATE ${CMAKE_SOURCE_DIR}/src ${llama_tree}/vendor)
set_target_properties(docmind_jinja PROPERTIES CXX_CLANG_TIDY "")  # Not ours to mend.
target_compile_definitions(docmind_jinja PRIVATE NDEBUG)  # Its assertions are about input.
target_compile_options(docmind_jinja PRIVATE -w -g0 -O2 $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=all>)
target_link_libraries(docmind_jinja PRIVATE docmind_llama)

# What each room links besides other rooms (src/ROOMS says which headers are whose).
set(base_links PkgConfig::libsodium Boost::json fmt::fmt)
set(obs_links spdlog::spdlog prometheus-cpp::core fmt::fmt Boost::json)
set(sys_links Threads::Threads fmt::fmt dl)
set(exec_links Threads::Threads)
set(resilience_links fmt::fmt Threads::Threads)
set(resilience_test_links rapidcheck)
set(backup_links Boost::json fmt::fmt)
set(backup_test_links docmind_sqlite Boost::json)
set(access_links Boost::json fmt::fmt)
set(templates_links Boost::json)
set(print_links docmind_pango Boost::json fmt::fmt dl)
set(config_links yaml-cpp fmt::fmt Boost::json)
set(net_links CURL::libcurl Boost::url Boost::json Threads::Threads fmt::fmt)
set(store_links docmind_sqlite fmt::fmt)
set(store_test_links docmind_sqlite)
set(vectors_links PkgConfig::libhwy Boost::json fmt::fmt)
set(vectors_qdrant_links Boost::json fmt::fmt)
set(vectors_pgvector_links PkgConfig::libpq Boost::json fmt::fmt)
set(vectors_pgvector_test_links Boost::json)
set(text_links PkgConfig::icu_uc PkgConfig::icu_i18n docmind_stemmer)
set(cache_guard_links PkgConfig::icu_uc)
set(grammar_links Boost::json)
set(library_links PkgConfig::libzstd fmt::fmt)
set(speed_links Boost::json fmt::fmt)
set(validate_links Boost::json fmt::fmt Threads::Threads)
set(context_links Boost::json)
set(graph_links Boost::json)
set(graph_sqlite_links Boost::json)
set(graph_sqlite_test_links docmind_sqlite Boost::json)
set(graph_test_links Boost::json)
set(hub_links Boost::json fmt::fmt)
set(model_links docmind_ggml Boost::json fmt::fmt Threads::Threads)
set(model_test_links docmind_ggml)
set(scheduler_links PkgConfig::libxxhash Threads::Threads)
set(cache_entries_links PkgConfig::libxxhash PkgConfig::libzstd fmt::fmt)
set(cache_entries_test_links docmind_sqlite)
set(cache_redis_links PkgConfig::hiredis Boost::url Threads::Threads fmt::fmt)
set(cache_shared_links Boost::json fmt::fmt)
set(cache_server_links Boost::json Threads::Threads)
set(engine_links docmind_llama docmind_jinja Boost::json fmt::fmt)
set(engine_test_links docmind_llama)
set(parse_links PkgConfig::icu_uc PkgConfig::pugixml PkgConfig::gumbo PkgConfig::md4c PkgConfig::libzip PkgConfig::libpng PkgConfig::uchardet fmt::fmt dl)
set(llm_llamacpp_links Boost::json fmt::fmt)
set(ingest_links PkgConfig::libzstd fmt::fmt)
set(retrieval_links fmt::fmt)
set(agents_links fmt::fmt Boost::json)
set(session_links fmt::fmt)
set(service_links fmt::fmt Boost::json)
set(server_links Boost::json fmt::fmt)
set(cli_links Boost::json CLI11::CLI11 fmt::fmt)
set(app_links fmt::fmt Boost::json)
