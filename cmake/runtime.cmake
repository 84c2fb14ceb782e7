# What lies beside the binary, so that a build folder is complete and can be moved:
#   lib/docmind            libllama, ggml, PDFium
#   share/docmind/models   the built-in embedding model, made from its safetensors by our own importer
set(runtime_libs ${CMAKE_BINARY_DIR}/lib/docmind)
add_custom_command(OUTPUT ${runtime_libs}/.copied
  COMMAND ${CMAKE_COMMAND} -E make_directory ${runtime_libs}
  COMMAND sh -c "cp -a ${deps}/llama/lib/*.so* ${runtime_libs}/ && cp ${deps}/packages/pypdfium2_raw/libpdfium.so ${runtime_libs}/"
  COMMAND ${CMAKE_COMMAND} -E touch ${runtime_libs}/.copied
  DEPENDS ${deps}/STAMP VERBATIM)
add_custom_target(runtime_libs ALL DEPENDS ${runtime_libs}/.copied)
add_dependencies(docmind runtime_libs)
