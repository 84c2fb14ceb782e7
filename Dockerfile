# DocMind in a container, from its Debian package (docs/install.md). `docker build -t docmind .`; compose.yaml has what goes beside it.
# The first stage builds for any x86-64 processor and needs the network; an hour on two cores.
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git npm
WORKDIR /src
COPY . .
RUN ./dev package /package

FROM debian:12-slim
COPY --from=build /package/ /tmp/package/
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates fonts-noto-cjk /tmp/package/docmind_*.deb && rm -rf /tmp/package /var/lib/apt/lists/*
USER docmind
# Below the volume: a restore swaps the data directory, which no mount point lets it.
ENV HOME=/var/lib/docmind DOCMIND_DATA=/var/lib/docmind/data LANG=C.UTF-8
VOLUME /var/lib/docmind
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["docmind", "--config", "/etc/docmind/docmind.yaml", "cache", "stats"]
# Others reach the address, so it wants keys: docker run --rm -v docmind:/var/lib/docmind docmind keys add --scope admin
ENTRYPOINT ["docmind", "--config", "/etc/docmind/docmind.yaml"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
