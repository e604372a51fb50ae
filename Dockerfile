# The official image with the plugin, its configurations and a state folder:
#
#   docker build -t fluent-bit-o365 .
ARG GO_IMAGE=golang:1.26-bookworm
ARG FLUENT_BIT_IMAGE=fluent/fluent-bit:5.1.1

FROM ${GO_IMAGE} AS go

# What is built on Debian 11 needs glibc 2.17 only, so that the plugin can also
# be taken out of the image for older systems. On Debian 12 it would be 2.34.
FROM debian:bullseye-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build glibc=GLIBC_2.17 && mkdir /state

FROM ${FLUENT_BIT_IMAGE}
LABEL org.opencontainers.image.title="Fluent Bit with the input o365" \
      org.opencontainers.image.description="Microsoft 365 audit records for Fluent Bit" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /src/build/in_o365.so /fluent-bit/plugins/in_o365.so
COPY conf/*.yaml conf/*.conf /fluent-bit/etc/o365/
# What was delivered and what waits for its destination: mount a volume here.
COPY --from=build --chown=65532:65532 /state /var/lib/fluent-bit
USER 65532:65532
CMD ["-c", "/fluent-bit/etc/o365/stdout.yaml"]
