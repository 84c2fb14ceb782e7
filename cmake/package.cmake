# What is installed, and the Debian package made of it (./dev package; docs/install.md).
#   component program   bin/docmind, lib/docmind, share/docmind, man page, completion: `cmake --install build --component program
#                       --prefix DIR` makes a tree that can be moved
#   component service   what makes it a service of the machine: systemd units, /etc/docmind; for packages
install(TARGETS docmind RUNTIME DESTINATION bin COMPONENT program)
install(DIRECTORY ${runtime_libs}/ DESTINATION lib/docmind COMPONENT program PATTERN .copied EXCLUDE)
# As CPack strips what it installs, but as libraries that lie in a folder of ours.
install(CODE "if(CMAKE_INSTALL_DO_STRIP)
  file(GLOB ours \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/docmind/*.so*\")
  execute_process(COMMAND strip --strip-unneeded --remove-section=.comment --remove-section=.note \${ours} COMMAND_ERROR_IS_FATAL ANY)
endif()" COMPONENT program)
install(DIRECTORY ${CMAKE_BINARY_DIR}/share/docmind/ DESTINATION share/docmind COMPONENT program)
install(DIRECTORY deploy/vllm deploy/nginx deploy/prometheus deploy/grafana DESTINATION share/docmind/deploy COMPONENT program
  USE_SOURCE_PERMISSIONS PATTERN *.test.yml EXCLUDE)
install(FILES config/vllm_service.yaml DESTINATION share/docmind/config COMPONENT program)
file(GLOB pages CONFIGURE_DEPENDS docs/*.md)
install(FILES README.md ARCHITECTURE.md ${pages} DESTINATION share/doc/docmind COMPONENT program)
install(FILES ${llama_tree}/LICENSE DESTINATION share/doc/docmind/licenses/llama.cpp COMPONENT program)
install(DIRECTORY ${deps}/packages/pypdfium2-5.15.2.dist-info/licenses/BUILD_LICENSES/ DESTINATION share/doc/docmind/licenses/pdfium
  COMPONENT program PATTERN android EXCLUDE PATTERN v8_xfa EXCLUDE PATTERN pbin_* EXCLUDE)

# Made by the binary itself, or from what it says of itself.
set(told ${CMAKE_BINARY_DIR}/told)
add_custom_command(OUTPUT ${told}/docmind.1.gz ${told}/docmind.bash ${told}/changelog.Debian.gz
  COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tools/tell_package.py $<TARGET_FILE:docmind> ${PROJECT_VERSION}-1 ${told}
  DEPENDS docmind runtime_libs ${CMAKE_SOURCE_DIR}/tools/tell_package.py CHANGELOG.md
  COMMENT "Writing the man page" VERBATIM)
add_custom_target(told ALL DEPENDS ${told}/docmind.1.gz)
install(FILES ${told}/docmind.1.gz DESTINATION share/man/man1 COMPONENT program)
install(FILES ${told}/docmind.bash DESTINATION share/bash-completion/completions RENAME docmind COMPONENT program)

file(GLOB units CONFIGURE_DEPENDS deploy/systemd/*.service deploy/systemd/*.socket)
install(FILES ${units} DESTINATION lib/systemd/system COMPONENT service)
install(FILES config/docmind.yaml DESTINATION /etc/docmind COMPONENT service)
install(FILES ${told}/changelog.Debian.gz deploy/debian/copyright DESTINATION share/doc/docmind COMPONENT service)
install(FILES deploy/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME docmind COMPONENT service)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME docmind)
set(CPACK_PACKAGE_VENDOR DocMind)
set(CPACK_PACKAGE_CONTACT "DocMind maintainers <maintainers@docmind.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "answers from your own documents, with citations")
set(CPACK_PACKAGE_DESCRIPTION "Drop documents on it and ask. DocMind answers from them, on this machine,
and every sentence it says can be checked against the very words it came
from. It needs no network, no graphics card and no other service.
.
This package has the program, a language model for searching, and a service
for all users of the machine at http://127.0.0.1:8080, with systemd units.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION text)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${runtime_libs})
# What no program header names: Pango is opened when a chat is printed, and needs a font then.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, libpangocairo-1.0-0, fonts-dejavu-core")
# The newest schemas its program knows: `docmind rollback program` reads it of an older package. e2e/package holds it to the files.
set(CPACK_DEBIAN_PACKAGE_PROVIDES "docmind-library-format (= 2), docmind-sessions-format (= 1)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, fonts-noto-cjk")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
foreach(name IN ITEMS postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/${name})
endforeach()
include(CPack)
