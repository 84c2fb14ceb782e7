# The web interface: web/ checked and built by Vite, then packed into room web. Needs no network: ./dev setup has put the
# packages of web/package-lock.json under .deps/web, and web/node_modules links to them.
set(web ${CMAKE_SOURCE_DIR}/web)
set(web_out ${CMAKE_BINARY_DIR}/web)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/*)
add_custom_command(OUTPUT ${web_out}/packed_files.cc ${web_out}/pages.bin
  COMMAND ${CMAKE_COMMAND} -E env "PATH=${deps}/node-bin:$ENV{PATH}" sh -c "npm run --silent check -- --output human --threshold warning"
  COMMAND ${CMAKE_COMMAND} -E env "PATH=${deps}/node-bin:$ENV{PATH}" DOCMIND_WEB_CACHE=${web_out}/cache
    sh -c "npm run --silent build -- --logLevel warn --outDir ${web_out}/dist --emptyOutDir"
  COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tools/pack_web.py ${web_out}/dist ${web_out}
  DEPENDS ${web_sources} ${web}/index.html ${web}/package.json ${web}/vite.config.ts ${web}/svelte.config.js ${web}/tsconfig.json
    ${CMAKE_SOURCE_DIR}/tools/pack_web.py ${deps}/STAMP
  WORKING_DIRECTORY ${web} COMMENT "Building the web interface" VERBATIM)
target_sources(docmind_web PRIVATE ${web_out}/packed_files.cc)
target_include_directories(docmind_web PRIVATE ${CMAKE_SOURCE_DIR}/src)
set_source_files_properties(${web_out}/packed_files.cc PROPERTIES OBJECT_DEPENDS ${web_out}/pages.bin)
