# The official image with the plugin and its configurations:
#
#   docker build -t fluent-bit-o365 .
#
# The plugin is built on Debian 12, whose C library is older than the one of
# the official image (Debian 13), and loads there and in whatever has glibc 2.34
# or later. Both images can be replaced by build arguments.
ARG GO_IMAGE=golang:1.26-bookworm
ARG FLUENT_BIT_IMAGE=fluent/fluent-bit:5.1.1

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build && mkdir /state

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
