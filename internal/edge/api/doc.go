// Package api is the HTTP API: bytes become a request and an Actor, a domain room decides, and its answer becomes
// bytes. Every operation names the one act that it asks for; an operation without a catalogued act stops the start
// (ASVS 8.2.1), so the permission matrix, openapi.json and the tenant crawl all read the same list.
//
// Errors are application/problem+json (RFC 9457). Unknown fields are refused, and nothing of a cause is shown.
package api
