// Package e2e runs the plugin from end to end: a simulated Microsoft 365 behind
// TLS, the plugin as it is built, a host process that loads it, and at the end
// a comparison of what the host stored with what the service holds.
//
// Every test runs in test/host and, where there is one, in a Fluent Bit
// (FLUENT_BIT, PATH or /opt/fluent-bit/bin). With O365_E2E=full in the
// environment the tests have their full size, and take half an hour.
package e2e
