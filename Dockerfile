# syntax=docker/dockerfile:1
#
#   docker build -t parlor .                            the server
#   docker build -t parlor-loadtest --target loadtest . the load tester
#
# BuildKit keeps what cargo has fetched and compiled between two builds (the cache mounts): a change of Parlor's own code
# compiles that, and no library.

ARG RUST=1.95
ARG DEBIAN=12

FROM rust:${RUST}-bookworm AS build
WORKDIR /parlor
# Function names stay for backtraces; lines and types are four fifths of the file, and go.
ENV CARGO_PROFILE_RELEASE_DEBUG=false \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo
# What may come in is listed in .dockerignore.
COPY . .
ARG TARGETARCH
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/parlor/target,id=parlor-target-${TARGETARCH},sharing=locked \
    cargo build --release --locked -p parlor -p loadtest \
    && mkdir -p /out/data \
    && cp target/release/parlor target/release/parlor-loadtest /out/

# glibc, libgcc, certificates and nothing else: no shell, no package manager. Its user 65532 is nobody.
FROM gcr.io/distroless/cc-debian${DEBIAN}:nonroot AS bare
USER 65532:65532
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"

FROM bare AS loadtest
LABEL org.opencontainers.image.title="parlor-loadtest" \
      org.opencontainers.image.description="An open-loop load tester for Parlor that audits what it receives"
COPY --from=build /out/parlor-loadtest /usr/bin/parlor-loadtest
ENTRYPOINT ["parlor-loadtest"]

FROM bare AS parlor
LABEL org.opencontainers.image.title="parlor" \
      org.opencontainers.image.description="A chat backend: stateless WebSocket gateways and writers, or both in one process"
COPY --from=build /out/parlor /usr/bin/parlor
# Only `parlor solo` writes, and only here: all other roles run on a root that is read-only.
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /data
# In a container the loopback address is nobody's. Never publish the second port: it is for probes and metrics.
ENV PARLOR__GATEWAY__LISTEN=0.0.0.0:8080 \
    PARLOR__ADMIN__LISTEN=0.0.0.0:9090 \
    PARLOR__LOG__FORMAT=json
EXPOSE 8080 9090
# No HEALTHCHECK: engines that restart what is unhealthy would restart a gateway because NATS is gone. docker-compose.yml
# has one for its depends_on: `parlor health`.
ENTRYPOINT ["parlor"]
CMD ["solo"]
