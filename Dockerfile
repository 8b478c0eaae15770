# The marketplace in one image: the programs of cmd/, run as nobody in particular.
# Give a container the program it should run: user-service, product-service,
# bidding-service, or marketplace with a command.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/ ./cmd/...

FROM debian:bookworm-slim
COPY --from=build /out/ /usr/local/bin/
WORKDIR /var/lib/marketplace
RUN chown 10001:10001 /var/lib/marketplace
USER 10001:10001
EXPOSE 50051 50052 50053
STOPSIGNAL SIGTERM
CMD ["marketplace", "help"]
